/** Where the editor may listen. */

import { BlockList, isIP } from 'node:net';
import { HubError } from '../errors.ts';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for an address that only this machine reaches; `localhost` is one by RFC 6761. */
export function isLoopback(host: string): boolean {
	const family = isIP(host);
	return family === 0 ? host.toLowerCase() === 'localhost' : loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/**
 * Whoever reaches an editor without a sign-in can run any code on this machine.
 * @throws HubError `CONFIG_INVALID` when an editor without a sign-in would be reached from elsewhere
 */
export function checkEditorHost(host: string, signIn: boolean): void {
	if (signIn || isLoopback(host)) return;
	throw new HubError(
		'CONFIG_INVALID',
		`HUB_HOST is ${host}, but the editor has no sign-in and so listens on loopback only: set HUB_HOST=127.0.0.1 or configure ` +
			'a sign-in.',
	);
}
