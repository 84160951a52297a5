/** Protections around following Keycloak: what a node accepts, who decides, what is told, where secrets go. */
import type { Mutant } from './mutant.ts';

const node = (name: string) => ({ file: 'test/unit/nodes/keycloak-sync.test.ts', name });
const follower = (name: string) => ({ file: 'test/unit/identity/follower.test.ts', name });
const command = (name: string) => ({ file: 'test/unit/cli/identity.test.ts', name });

const GUARDS = ['massGuard', 'archiveGuard', 'missingGuard', 'shrunkenGuard', 'privilegedGuard', 'administratorGuard'];

export const mutants: Mutant[] = [
	...[...GUARDS, 'loginGuard'].map((guard) => ({
		protection: `The guard ${guard} is on where a flow does not name it`,
		file: 'nodes/keycloak-sync/config.ts',
		find: `${guard}: flag(true),`,
		replace: `${guard}: flag(false),`,
		test: node('every guard is on in a flow that names none'),
	})),
	{
		protection: 'Guards that a flow does not name are shown as on, so that "Done" does not switch them off',
		file: 'nodes/keycloak-sync/editor/keycloak-sync.ts',
		find: "if (this[guard] === undefined || this[guard] === '') input(guard).checked = true;",
		replace: "if (this[guard] === '') input(guard).checked = true;",
		test: {
			file: 'test/browser/keycloak-sync.test.ts',
			name: 'users that follow Keycloak, in the editor',
			timeoutMs: 240_000,
		},
	},
	{
		protection: 'A node without a scope does not run',
		file: 'nodes/keycloak-sync/config.ts',
		find: "return named ? [] : [{ field: 'scopeRoles', reason: 'scope' }];",
		replace: 'return named ? [] : [];',
		test: node('without a scope a node is not ready, for everybody would leave it'),
	},
	{
		protection: 'A role of a client is refused',
		file: 'nodes/keycloak-sync/config.ts',
		find: 'if (/^[^:\\s]+:\\S+$/.test(role)) throw',
		replace: 'if (role.length === 0) throw',
		test: node('a role of a client is refused, for it is not read and would match nobody'),
	},
	{
		protection: 'An entry that is no group of Odoo is refused',
		file: 'nodes/keycloak-sync/config.ts',
		find: 'if (!GROUP.test(id)) throw',
		replace: 'if (id.length === 0) throw',
		test: node('a table that is none, or names no group of Odoo, is refused'),
	},
	{
		protection: 'No message approves',
		file: 'nodes/keycloak-sync/commands.ts',
		find: 'if (RUN.includes(topic)) return',
		replace: "if (RUN.includes(topic) || topic === 'approve') return",
		test: node('no message approves or rejects anything'),
	},
	{
		protection: 'One plan is decided on, by what was shown',
		file: 'nodes/keycloak-sync/operator-topic.ts',
		find: 'Array.isArray(ids) && ids.length === 1 ? readRowId(ids[0])',
		replace: 'Array.isArray(ids) && ids.length > 0 ? readRowId(ids[0])',
		test: node('a plan is decided on by the hash that was shown, and exactly one'),
	},
	{
		protection: 'Accounts that collide are not linked together',
		file: 'nodes/keycloak-sync/rows.ts',
		find: "if (group !== 'exact' && group !== 'near') {",
		replace: "if (group === 'held') {",
		test: node('several accounts are linked together only where each is the only one that comes into question'),
	},
	{
		protection: 'Whom the editor does not know by name decides on nothing',
		file: 'nodes/keycloak-sync/operator-topic.ts',
		find: 'identities: NOBODY.has(actor) ? [] : [actor]',
		replace: 'identities: [actor]',
		test: node('whom the editor knows by no name is nobody who decides'),
	},
	{
		protection: 'Only what is proposed is linked',
		file: 'lib/identity/decisions.ts',
		find: 'if (!proposal?.candidates.some((candidate) => candidate.account === account)) {',
		replace: 'if (!proposal) {',
		test: follower('only what is proposed is linked'),
	},
	{
		protection: 'Names of Keycloak say who links to himself, not those of the request',
		file: 'lib/identity/links.ts',
		find: "names: [person.username, person.email ?? ''].filter(Boolean),",
		replace: 'names: [],',
		test: follower('only what is proposed is linked'),
	},
	{
		protection: 'A refused decision is recorded',
		file: 'lib/identity/decisions.ts',
		find: "record(action, by.name, subject, REFUSALS.has(code) ? 'refused' : 'failed', { ...details, code });",
		replace: '',
		test: follower('who approved, who was refused, and what was changed is recorded, without names'),
	},
	{
		protection: 'What was changed is recorded with who caused it',
		file: 'lib/identity/follower.ts',
		find: 'if (changed) this.#count(report, actor);',
		replace: "if (changed) this.#count(report, 'hub');",
		test: follower('who approved, who was refused, and what was changed is recorded, without names'),
	},
	{
		protection: 'An event that changes nothing is no news',
		file: 'lib/identity/follower.ts',
		find: 'const news = conflicts.length + warnings.length > 0 && said !== this.#toldConflicts;',
		replace: 'const news = report.plan !== null;',
		test: follower('silent where nothing changed, and not silent where something did'),
	},
	{
		protection: 'A guard that stops everything is told once',
		file: 'lib/identity/follower.ts',
		find: 'if (this.#toldTrouble === text) return;',
		replace: '',
		test: follower('a guard that stops everything is told at once, and once'),
	},
	{
		protection: 'An outage that lasts is told',
		file: 'lib/identity/follower.ts',
		find: 'const since = this.#state.trouble?.since ?? Date.now();',
		replace: 'const since = Date.now();',
		test: follower('an outage changes nothing, is told when it lasts, and its end too'),
	},
	{
		protection: 'One run that was asked for at a time',
		file: 'lib/identity/follower.ts',
		find: '		if (this.#asked) {',
		replace: '		if (this.#asked && dryRun) {',
		test: follower('one run that was asked for at a time, and a second wish is told'),
	},
	{
		protection: 'The command sends secrets only where the variables say',
		file: 'cli/identity.ts',
		find: "if (ownIssuer.replace(/\\/+$/, '') !== issuer || new URL(ownUrl).host !== new URL(url).host) {",
		replace: 'if (new URL(ownUrl).host !== new URL(url).host) {',
		test: command('nothing is sent to another Keycloak or Odoo than the variables name'),
	},
	{
		protection: 'The command decides on the plan that was read only',
		file: 'cli/identity-plans.ts',
		find: 'if (plan?.hash.startsWith(given)) return plan;',
		replace: 'if (plan) return plan;',
		test: command('another plan than the one that waits is refused, and so is a name that is none'),
	},
];
