/** Protections of the runtime, the settings, the store and plain HTTP. */
import type { Mutant } from './mutant.ts';

const settings = (name: string) => ({ file: 'test/integration/settings.test.ts', name });
const read = (name: string) => ({ file: 'test/unit/config/read.test.ts', name });
const definitions = (name: string) => ({ file: 'test/unit/config/definitions.test.ts', name });
const node = (name: string) => ({ file: 'test/unit/nodes/protections.test.ts', name });
const store = (name: string) => ({ file: 'test/integration/store.test.ts', name });
const ages = (name: string) => ({ file: 'test/integration/personal-data.test.ts', name });
const http = (name: string) => ({ file: 'test/integration/http.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'An editor without a sign-in listens on loopback only',
		file: 'lib/config/host.ts',
		find: 'if (signIn || isLoopback(host)) return;',
		replace: 'if (signIn || host) return;',
		test: settings('another address than loopback'),
	},
	{
		protection: 'A name that only begins like loopback is none',
		file: 'lib/loopback.ts',
		find: "host.toLowerCase() === 'localhost'",
		replace: "host.toLowerCase().startsWith('localhost')",
		test: {
			file: 'test/unit/loopback.test.ts',
			name: 'addresses that only this machine reaches are told apart from all others',
		},
	},
	{
		protection: 'The command line cannot undo what the settings check',
		file: 'settings.ts',
		find: '\t\tcheckDefinitions(process.argv.slice(2));\n',
		replace: '',
		test: settings('another address by the command line'),
	},
	{
		protection: 'Whatever a file would define is refused on the command line',
		file: 'lib/config/definitions.ts',
		find: 'if (HARMLESS.test(setting)) continue;',
		replace: "if (HARMLESS.test(setting) || setting.startsWith('@')) continue;",
		test: settings('what a file would define'),
	},
	{
		protection: 'Short options that stand together hide no definition',
		file: 'lib/config/definitions.ts',
		find: ' || SHORT_OPTIONS.test(name)',
		replace: " || name === 'D'",
		test: definitions('a setting of safety is refused as -vD uiHost=0.0.0.0, which Node-RED takes'),
	},
	{
		protection: 'A variable and its file are not both taken',
		file: 'lib/config/read.ts',
		find: 'if (environment[name]) throw invalid(',
		replace: "if (environment[name] === '') throw invalid(",
		test: read('X and X_FILE together are refused, without showing the value'),
	},
	{
		protection: 'Personal data is not kept for ever by a typing error',
		file: 'lib/config/read.ts',
		find: 'days < min || days > max',
		replace: 'days < min',
		test: read('an age is a number of days from 1 to 3650'),
	},
	{
		protection: 'Nodes that reach the machine are off',
		file: 'settings.ts',
		find: '(name) => !values.HUB_ALLOW_NODES.includes(name)',
		replace: '(name) => values.HUB_ALLOW_NODES.includes(name)',
		test: settings('has none of the nodes that reach the machine, and all others'),
	},
	{
		protection: 'Flows never see the key of the credentials',
		file: 'settings.ts',
		find: "\t\tdelete process.env['HUB_CREDENTIAL_SECRET'];\n",
		replace: '',
		test: settings('gives flows what a file holds, and never the key of the credentials'),
	},
	{
		protection: 'A route answers those with its permission only',
		file: 'nodes/runtime/admin-route.ts',
		find: '\t\tRED.auth.needsPermission(permission),\n',
		replace: '',
		test: node('a route answers nobody without its permission'),
	},
	{
		protection: 'A route without a permission is not made',
		file: 'nodes/runtime/admin-route.ts',
		find: 'if (permission.length === 0)',
		replace: 'if (permission.length < 0)',
		test: node('a route for which somebody forgot the permission is not made'),
	},
	{
		protection: 'Pages of other sites cannot post forms',
		file: 'nodes/runtime/admin-route.ts',
		find: "if (!/^application\\/json\\b/i.test(request.headers['content-type'] ?? ''))",
		replace: "if (!/\\//.test(request.headers['content-type'] ?? '/'))",
		test: node('a form or plain text, which pages of other sites may send, is refused'),
	},
	{
		protection: 'A body is bounded',
		file: 'nodes/runtime/admin-route.ts',
		find: 'if (length > BODY_LIMIT)',
		replace: 'if (length > 99 * BODY_LIMIT)',
		test: node('a body beyond the bound is refused, with or without its length said'),
	},
	{
		protection: 'Each action of an operator has a permission of its own',
		file: 'nodes/runtime/operator-actions.ts',
		find: '`clinic-hub.${topic}.${action}`',
		replace: "`clinic-hub.${topic}.${action === 'inspect' ? 'list' : action}`",
		test: node('each action of an operator asks for the permission of its own'),
	},
	{
		protection: 'A test notice takes more than the right to deploy',
		file: 'nodes/notice/notice.ts',
		find: "permission: ['flows.write', 'clinic-hub.notices.test'],",
		replace: "permission: 'flows.write',",
		test: node('mails and notices in the clinic’s name need a right beside the one to deploy'),
	},
	{
		protection: 'A saved secret does not go to another address',
		file: 'nodes/runtime/screen.ts',
		find: 'if (value === PLACEHOLDER && stored[name] && !untouched()) throw retype();',
		replace: '',
		test: node('a saved secret is not used for another address than it was saved for'),
	},
	{
		protection: 'A node that hangs while it closes does not hold up a deploy',
		file: 'nodes/runtime/define-node.ts',
		find: 'Promise.race([ended, late])',
		replace: 'Promise.all([ended, late]).then(([, end]) => end)',
		test: node('a node that hangs while it closes is left behind at the deadline'),
	},
	{
		protection: 'A node that a newer release saved is not started',
		file: 'nodes/runtime/migrate.ts',
		find: 'if (version > latest)',
		replace: 'if (version > latest + 9)',
		test: { file: 'test/unit/nodes/migrate.test.ts', name: 'properties of a newer release are refused' },
	},
	{
		protection: 'A store that a newer release wrote is not touched',
		file: 'lib/store/migrate.ts',
		find: '\t\trefuseNewer(applied, steps, topic, where);\n',
		replace: '',
		test: store('a store that a newer version wrote is refused, naming the step and what to do'),
	},
	{
		protection: 'A lease is held by one owner',
		file: 'lib/store/lease.ts',
		find: "row('hub_lease.expires_at', '<=', now),",
		replace: "row('hub_lease.expires_at', '>=', sql<number>`0`),",
		test: store('a lease that one owner holds is not given to another'),
	},
	{
		protection: 'An owner notices by its token that its lease was taken anew',
		file: 'lib/store/lease.ts',
		find: ".where('token', '=', this.token)\n\t\t\t.where('expires_at', '>', this.#now)\n\t\t\t.executeTakeFirst();\n\t\tif (!held)",
		replace: ".where('expires_at', '>', this.#now)\n\t\t\t.executeTakeFirst();\n\t\tif (!held)",
		test: store('an owner that asks again gets its lease with a greater token, and its earlier hold ends'),
	},
	{
		protection: 'An expired lease is lost',
		file: 'lib/store/lease.ts',
		find: ".where('token', '=', this.token)\n\t\t\t.where('expires_at', '>', this.#now)\n\t\t\t.executeTakeFirst();\n\t\tif (!held)",
		replace: ".where('token', '=', this.token)\n\t\t\t.executeTakeFirst();\n\t\tif (!held)",
		test: store('a lease whose time is over is lost even while nobody else has taken it'),
	},
	{
		protection: 'The hub blanks old personal data by itself',
		file: 'nodes/runtime/hub.ts',
		find: '\t\tkeepAges(store, { log, instance });\n',
		replace: '',
		test: ages('a hub blanks what is too old soon after its start and then every day, with no node running'),
	},
	{
		protection: 'What removed nodes left is blanked, too',
		file: 'nodes/runtime/purge.ts',
		find: '\t\t\tfor (const topic of await topicsWithAges()) await store.topic(topic);\n',
		replace: '',
		test: ages('a hub blanks what is too old soon after its start and then every day, with no node running'),
	},
	{
		protection: 'Receivers of notices have an age',
		file: 'lib/notices/tables.ts',
		find: "\tages: agesOf('notices'),\n",
		replace: '',
		test: ages('what is younger than its age stays, and each table goes by its own age'),
	},
	{
		protection: 'A web server that answers without end is given up',
		file: 'lib/http.ts',
		find: 'if (size > maxBytes) throw',
		replace: 'if (size < 0) throw',
		test: http('ends at its deadline, when it is cancelled, and when too much comes back'),
	},
	{
		protection: 'A web server that does not answer is given up',
		file: 'lib/http.ts',
		find: 'const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;',
		replace: 'const signal = request.signal ?? new AbortController().signal;',
		test: http('ends at its deadline, when it is cancelled, and when too much comes back'),
	},
	{
		protection: 'The tab of the sidebar fills when it is opened, not at its next tick',
		file: 'nodes/runtime/editor/sidebar.ts',
		find: '\t\t\t\t\tgiveRoom(this.#content);\n\t\t\t\t\tvoid this.#refresh();\n',
		replace: '\t\t\t\t\tgiveRoom(this.#content);\n',
		built: true,
		test: {
			file: 'test/browser/sidebar.test.ts',
			name: 'the sidebar opens with room for the list above the messages, and keeps the height that a person gives it',
		},
	},
];
