/** Protections of reading Keycloak: nobody is taken for gone, nobody for somebody else, and no secret goes astray. */
import type { Mutant } from './mutant.ts';

const users = (name: string) => ({ file: 'test/integration/keycloak-users.test.ts', name });
const rights = (name: string) => ({ file: 'test/integration/keycloak-rights.test.ts', name });
const check = (name: string) => ({ file: 'test/integration/keycloak-check.test.ts', name });
const flow = (name: string) => ({ file: 'test/flows/keycloak-realm.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A realm without users is an error, not a clinic without people',
		file: 'lib/keycloak/users.ts',
		find: 'if (first === 0 && records.length === 0) throw',
		replace: 'if (first === -1) throw',
		test: users('are never taken for gone when Keycloak shows none'),
	},
	{
		protection: 'A short page is not the last one',
		file: 'lib/keycloak/users.ts',
		find: 'next: records.length === 0 ? null',
		replace: 'next: records.length < max ? null',
		test: users('are walked until an empty page: a page that Keycloak cut after having taken it is not the last'),
	},
	{
		protection: 'Accounts of clients are no people',
		file: 'lib/keycloak/user.ts',
		find: 'return !serviceAccountClientId && !SERVICE_ACCOUNT.test(String(username));',
		replace: 'return true;',
		test: users('that belong to clients are no people, whatever Keycloak lists'),
	},
	{
		protection: 'A page with status 404 is not a user who was deleted',
		file: 'lib/keycloak/reader.ts',
		find: 'answer.status === 404 && missing.test(errorOf(answer.json))',
		replace: 'answer.status === 404',
		test: users('one that was deleted is told from every other 404'),
	},
	{
		protection: 'The user that comes is the one asked for',
		file: 'lib/keycloak/users.ts',
		find: 'if (account.id !== id) throw',
		replace: 'if (account.id === undefined) throw',
		test: users('one that was deleted is told from every other 404'),
	},
	{
		protection: 'An id is one part of a path',
		file: 'lib/keycloak/address.ts',
		find: 'return encodeURIComponent(text);',
		replace: 'return text;',
		test: users('have ids of any form, which never lead to another resource'),
	},
	{
		protection: 'No id climbs to another resource',
		file: 'lib/keycloak/address.ts',
		find: "if (text === '' || text === '.' || text === '..')",
		replace: "if (text === '')",
		test: users('have ids of any form, which never lead to another resource'),
	},
	{
		protection: 'A user without a state is not one who was disabled',
		file: 'lib/keycloak/user.ts',
		find: " || typeof enabled !== 'boolean'",
		replace: '',
		test: users('without a state are an error, not people who left'),
	},
	{
		protection: 'Another realm is not read',
		file: 'lib/keycloak/token.ts',
		find: "if (claims['iss'] !== issuer) throw",
		replace: "if (claims['iss'] === undefined) throw",
		test: users('of another realm than the issuer’s are never read'),
	},
	{
		protection: 'A token that is refused is replaced',
		file: 'lib/keycloak/reader.ts',
		find: 'if (answer.status !== 401) return answer;',
		replace: 'if (answer.status !== 499) return answer;',
		test: users('are read on when a token is refused in the middle, once'),
	},
	{
		protection: 'A limit of calls is waited for',
		file: 'lib/keycloak/failure.ts',
		find: 'const PASSING = [408, 429, 502, 503, 504];',
		replace: 'const PASSING = [408, 502, 503, 504];',
		test: users('are read on after a limit of calls, and not at all where it stays'),
	},
	{
		protection: 'Roles of the groups above count',
		file: 'lib/keycloak/holders.ts',
		find: 'return group.above ? [...own, ...rolesOfGroup(group.above, roles)] : own;',
		replace: 'return own;',
		test: rights('count directly, by composites in a circle, by a group and by those above it'),
	},
	{
		protection: 'Composite roles that include each other have an end',
		file: 'lib/keycloak/roles.ts',
		find: 'if (seen.has(role)) return seen;',
		replace: '',
		test: rights('count directly, by composites in a circle, by a group and by those above it'),
	},
	{
		protection: 'Rights are read by role and group, not for those that no table names',
		file: 'lib/keycloak/holders.ts',
		find: '\t\tif (given.length === 0) continue;\n',
		replace: '',
		test: rights('of a table are read by a call a role and a group, however many users there are'),
	},
	{
		protection: 'A test of the connection sends no secret to another realm',
		file: 'lib/keycloak/check.ts',
		find: '\tif (!findings.fine) return undefined;\n',
		replace: '',
		test: check('sends no secret to a realm that is another one than was meant'),
	},
	{
		protection: 'Needless rights of the reader are told',
		file: 'lib/keycloak/check.ts',
		find: "if (beyond.length > 0) findings.warn('needless'",
		replace: "if (beyond.length > 99) findings.warn('needless'",
		test: check('warns of what the client may do needlessly'),
	},
	{
		protection: 'A saved secret goes to the address that it was saved for',
		file: 'nodes/keycloak-realm/config.ts',
		find: "address: ['issuer', 'internalUrl', 'realm', 'clientId'],",
		replace: "address: ['issuer', 'realm', 'clientId'],",
		built: true,
		test: flow('never sends a saved secret to another address'),
	},
];
