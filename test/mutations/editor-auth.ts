/** Protections of the editor's sign-in. */
import type { Mutant } from './mutant.ts';

const roles = (name: string) => ({ file: 'test/unit/editor-auth/roles.test.ts', name });
const request = (name: string) => ({ file: 'test/unit/editor-auth/request.test.ts', name });
const logout = (name: string) => ({ file: 'test/unit/editor-auth/backchannel.test.ts', name });
const editor = (name: string) => ({ file: 'test/integration/editor-auth.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A claim that is a text holds no role',
		file: 'editor-auth/roles.ts',
		find: 'if (!Array.isArray(claim)) return [];',
		replace: "if (!Array.isArray(claim) && typeof claim !== 'string') return [];",
		test: roles('only known roles in a list of texts count'),
	},
	{
		protection: 'Values of flows are not for those who only look',
		file: 'editor-auth/roles.ts',
		find: "...['udp-ports.read', 'clinic-hub.overview.read'],",
		replace: "...['udp-ports.read', 'clinic-hub.overview.read', 'context.read'],",
		test: roles('deploys, and tests of a connection, which reach what a flow reaches, are for those who edit'),
	},
	{
		protection: 'Each right of a node stands in the table of roles',
		file: 'editor-auth/roles.ts',
		find: "'replay', 'discard', 'pause'",
		replace: "'discard', 'pause'",
		test: roles('each permission that something asks for is granted by a role, or left to administrators on purpose'),
	},
	{
		protection: 'New kinds of nodes are brought by administrators only',
		file: 'editor-auth/roles.ts',
		find: "...['flows.write', 'library.write',",
		replace: "...['flows.write', 'nodes.write', 'library.write',",
		test: roles('what is left to administrators is granted to nobody else'),
	},
	{
		protection: 'The sign-in leads to no other site',
		file: 'editor-auth/request.ts',
		find: '/^\\/(?![/\\\\])[\\x21-\\x7e]*$/',
		replace: '/^\\/[\\x21-\\x7e]*$/',
		test: request('after signing in a browser stays on this hub'),
	},
	{
		protection: 'The sign-in leads to none of its own steps',
		file: 'editor-auth/request.ts',
		find: "test(text) ? '/' : text;",
		replace: 'test(text) ? text : text;',
		test: request('a step of the sign-in is nowhere to go after signing in'),
	},
	{
		protection: 'A page of another site changes nothing',
		file: 'editor-auth/request.ts',
		find: 'if (said !== undefined) return said === origin;',
		replace: 'if (said !== undefined) return said.startsWith(origin);',
		test: request('only a page of the hub changes something'),
	},
	{
		protection: 'X-Forwarded-For is believed of trusted proxies only',
		file: 'editor-auth/request.ts',
		find: 'if (trustedProxies === 0) return peer;',
		replace: 'if (trustedProxies < 0) return peer;',
		test: request('a forged x-forwarded-for names nobody else'),
	},
	{
		protection: 'The nearest proxies are believed, not whoever wrote first',
		file: 'editor-auth/request.ts',
		find: 'named.at(-trustedProxies)',
		replace: 'named.at(trustedProxies - 1)',
		test: request('a forged x-forwarded-for names nobody else'),
	},
	{
		protection: 'A cookie planted beside the session’s own is not taken',
		file: 'editor-auth/request.ts',
		find: 'return found.length === 1 ? found[0] : undefined;',
		replace: 'return found[0];',
		test: request('of two cookies of one name none is taken'),
	},
	{
		protection: 'A logout token holds once',
		file: 'editor-auth/backchannel.ts',
		find: ' || this.#seen.has(jti)',
		replace: '',
		test: logout('holds once'),
	},
	{
		protection: 'An old logout token does not hold',
		file: 'editor-auth/backchannel.ts',
		find: ', maxAgeS: MAX_AGE_S',
		replace: '',
		test: logout('that is old is refused'),
	},
	{
		protection: 'A token with a nonce is no logout token',
		file: 'editor-auth/backchannel.ts',
		find: 'nonce !== undefined || ',
		replace: '',
		test: logout('with a nonce is refused'),
	},
	{
		protection: 'A token without the event is no logout token',
		file: 'editor-auth/backchannel.ts',
		find: 'if (!isLogout || ',
		replace: 'if (',
		test: logout('without events is refused'),
	},
	{
		protection: 'Another kind of token ends no session',
		file: 'editor-auth/backchannel.ts',
		find: "typ: 'logout+jwt', ",
		replace: '',
		test: logout('of another type is refused'),
	},
	{
		protection: 'A logout token of a foreign session ends none',
		file: 'editor-auth/backchannel.ts',
		find: "if (!meant || (typeof sub === 'string' && session.subject !== sub)) continue;",
		replace: 'if (!meant) continue;',
		test: logout('of a foreign session ends none'),
	},
	{
		protection: 'A token for another client holds not here',
		file: 'editor-auth/realm.ts',
		find: '\t\t\taudience,\n',
		replace: '',
		test: logout('for another client is refused'),
	},
	{
		protection: 'A token of another realm holds not here',
		file: 'editor-auth/realm.ts',
		find: '\t\t\tissuer: this.addresses.issuer,\n',
		replace: '',
		test: logout('of another realm is refused'),
	},
	{
		protection: 'A callback belongs to the browser that began',
		file: 'editor-auth/sign-in.ts',
		find: 'browser !== undefined && begun.browser === keyOf(browser);',
		replace: "begun.browser !== '';",
		test: editor('a callback holds once, for its own browser, and signing out ends Keycloak’s session'),
	},
	{
		protection: 'A page of another site opens no websocket',
		file: 'editor-auth/comms-guard.ts',
		find: '\t\tif (!isOwnPage(request, origin)) return refuse(socket, 403);\n',
		replace: '',
		test: editor('a page of another site neither posts nor opens a websocket'),
	},
	{
		protection: 'Nobody opens a websocket without a session',
		file: 'editor-auth/comms-guard.ts',
		find: 'if (gate.isOpen(path) && path !== commsPath) return onward(request, socket, head);',
		replace: 'if (gate.isOpen(path) || path === commsPath) return onward(request, socket, head);',
		test: editor('nobody is in without signing in'),
	},
	{
		protection: 'A frame of no editor never reaches Node-RED',
		file: 'editor-auth/comms-guard.ts',
		find: "if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) return null;",
		replace: "if (frame === null) return 'null';",
		test: editor('no frame of anyone ends the hub'),
	},
];
