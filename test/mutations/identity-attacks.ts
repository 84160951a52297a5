/**
 * What is tried against a clinic that is followed: forged identities, and answers of Keycloak that are not what they look
 * like. Further ones of the same kind stand in `identity.ts` and `keycloak.ts`.
 */
import type { Mutant } from './mutant.ts';

const sync = (name: string) => ({ file: 'test/unit/identity/sync.test.ts', name });
const identities = (name: string) => ({ file: 'test/unit/identity/identities.test.ts', name });
/** A real Keycloak with 520 users. */
const faults = (name: string) => ({ file: 'test/integration/identity-faults.test.ts', name, timeoutMs: 120_000 });
const disasters = (name: string) => ({ file: 'test/integration/identity-disasters.test.ts', name, timeoutMs: 120_000 });

const byId = {
	file: 'lib/identity/confirm.ts',
	find: 'if (found === null) return void onMissing.push(id);',
	replace: 'if (found !== undefined) return void onMissing.push(id);',
};

const byPerson = {
	file: 'lib/identity/plan.ts',
	find: 'const account = this.#linked.get(person.id) ?? ',
};
const linking = (by: string) => `const account = this.#linked.get(person.id) ?? this.#input.accounts.find(${by}) ?? `;

const anyAnswer = {
	file: 'lib/keycloak/reader.ts',
	find: 'return answer.json;\n\t\tthrow adminFailure(answer, path, this.clientId);',
	replace: 'return answer.json;\n\t\treturn [];',
};

export const mutants: Mutant[] = [
	{
		protection: 'Nobody is linked by an address',
		...byPerson,
		replace: linking("({ email }) => email !== '' && email === person.email"),
		test: identities('a user with the address of the director does not get her account'),
	},
	{
		protection: 'Nobody is linked by a name',
		...byPerson,
		replace: linking('({ login }) => login === person.username'),
		test: identities('nobody inherits the account of one who was deleted and had the same name and address'),
	},
	{
		protection: 'Whoever exchanges names keeps the account',
		...byPerson,
		replace:
			'const account = this.#input.accounts.find(({ login }) => login === person.username) ?? this.#linked.get(person.id) ?? ',
		test: identities('two people who exchange their user names and addresses keep their accounts'),
	},
	{
		protection: 'An attribute is looked up among the person’s own',
		file: 'lib/identity/scope.ts',
		find: 'person.attributes?.get(scope.attribute.name)',
		replace: 'Object.fromEntries(person.attributes ?? [])[scope.attribute.name]',
		test: identities('users, roles and attributes called __proto__ or constructor are names like any other'),
	},
	{
		protection: 'A role grants by the table only',
		file: 'lib/identity/scope.ts',
		find: '	return [...granted].sort();',
		replace: '	return [...granted, ...(person.roles ?? [])].sort();',
		test: identities('a role called like a group, privileged or not, grants nothing'),
	},
	{
		protection: 'What is not said is not empty',
		file: 'lib/identity/person.ts',
		find: "return typeof value === 'string' ? value : undefined;",
		replace: "return typeof value === 'string' ? value : '';",
		test: identities('what Keycloak does not say blanks nothing'),
	},
	{
		protection: 'A hidden attribute is no reason to leave',
		file: 'lib/identity/scope.ts',
		find: 'return answers.includes(undefined) ? undefined : false;',
		replace: 'return false;',
		test: identities('a hidden attribute leaves the scope undecided'),
	},
	{
		protection: 'Service accounts are no people, whatever the source gives',
		file: 'lib/identity/person.ts',
		find: "	if (fields.get('serviceAccountClientId') || username.startsWith('service-account-')) return null;\n",
		replace: '',
		test: identities('service accounts and records without a boolean "enabled" are no people'),
	},
	{
		protection: 'An empty list of users ends the run by its name',
		file: 'lib/keycloak/users.ts',
		find: 'if (first === 0 && records.length === 0) throw nobody(reader);',
		replace: '',
		test: faults('stops at an empty list of users'),
	},
	{
		protection: 'A refusal in the middle of the walk is not its end',
		...anyAnswer,
		test: faults('stops at a token that is refused in the middle and again, and at a limit that stays'),
	},
	{
		protection: 'A right that was taken is told, not taken for an answer',
		...anyAnswer,
		test: faults('stops without the right to see users'),
	},
	{
		protection: 'One refused token does not end a run',
		file: 'lib/keycloak/reader.ts',
		find: 'if (answer.status !== 401) return answer;',
		replace: 'if (answer.status) return answer;',
		test: faults('goes on after one refused token and a limit that passes'),
	},
	{
		protection: 'A page with status 404 ends the run',
		file: 'lib/keycloak/reader.ts',
		find: 'if (answer.status === 404 && missing.test(errorOf(answer.json))) return undefined;',
		replace: 'if (answer.status === 404) return undefined;',
		test: faults('stops at a page with status 404 in place of a user who is looked for'),
	},
	{
		protection: 'Whom a short page lacks is asked for by id',
		...byId,
		test: faults('asks by id for those whom a short page lacks, and takes nothing from them'),
	},
	{
		protection: 'Whom the walk skipped is asked for by id',
		...byId,
		test: sync('users whom the walk skipped while others were added are asked for by id'),
	},
	{
		protection: 'Whom a removal shifts out of the pages is asked for by id',
		...byId,
		test: faults('takes nothing from whom an insertion or a removal shifts out of the pages'),
	},
	{
		protection: 'An event of a deletion is believed only when the user is gone',
		...byId,
		test: sync('a DELETE event of somebody who is there takes nothing'),
	},
	{
		protection: 'Who stands on two pages is one',
		file: 'lib/identity/walk.ts',
		find: 'people.set(person.id, person)',
		replace: 'people.set(`${page} ${person.id}`, person)',
		test: faults('counts who stands on two pages once'),
	},
	{
		protection: 'Another realm is told by its users, also by a hub with a new store',
		file: 'lib/identity/gather.ts',
		find: 'active.length > 0 && !active.some(({ uid }) => people.has(uid))',
		replace: 'active.length < 0',
		test: faults('stops at another realm, told by its issuer and, with a new store, by its users'),
	},
	{
		protection: 'A suspension waits for nobody',
		file: 'lib/identity/guards.ts',
		find: "new Set(['suspend', 'resume', 'endSessions', 'link'])",
		replace: "new Set(['resume', 'endSessions', 'link'])",
		test: sync('half of the realm disabled is suspended without a cap, and nobody is archived'),
	},
	{
		protection: 'Of half a realm that was disabled nobody is archived before a person said so',
		file: 'lib/identity/guards.ts',
		find: "(target.canSuspend || line.why === 'scope')) reasons.push('archive');",
		replace: "line.why === 'scope') reasons.push('archive');",
		test: disasters('half of the realm disabled is suspended at once; archiving waits for a person, who is told'),
	},
	{
		protection: 'An emptied realm without events does nothing at all',
		file: 'lib/keycloak/users.ts',
		find: 'if (first === 0 && records.length === 0) throw nobody(reader);',
		replace: '',
		test: disasters(
			'a realm emptied user by user suspends and archives nobody; where its events are gone, too, nothing is done at all',
		),
	},
	{
		protection: 'Of a realm that lost most users nobody is archived before a person said so',
		file: 'lib/identity/guards.ts',
		find: "if (guards.missing) reasons.push('missing');",
		replace: '',
		test: disasters('a realm that lost most users without a word archives nobody, and a person is told'),
	},
	{
		protection: 'That Keycloak was restored is noticed',
		file: 'lib/identity/suspects.ts',
		find: "if (wasPurged(answer, cursor)) return 'purged';",
		replace: '',
		test: disasters('a Keycloak restored from yesterday archives nobody whom today brought, and a person is told'),
	},
	{
		protection: 'Where Odoo cannot suspend, a leaver does not stay until the night',
		file: 'lib/identity/plan.ts',
		find: 'if (full || !target.canSuspend) this',
		replace: 'if (full) this',
		test: sync('where Odoo cannot suspend, a disable archives under the guards'),
	},
	{
		protection: 'A dry run changes nothing',
		file: 'lib/identity/sync.ts',
		find: '		if (dryRun) return report;\n',
		replace: '',
		test: sync('a dry run changes nothing on any side'),
	},
	{
		protection: 'While events are too many to be read, everybody is read each time',
		file: 'lib/identity/keycloak-source.ts',
		find: 'key: `more:${serverTime}`',
		replace: 'key: `more:${at}`',
		test: {
			file: 'test/integration/keycloak-source.test.ts',
			name: 'names everybody each time while there are more events than are read one by one',
		},
	},
];
