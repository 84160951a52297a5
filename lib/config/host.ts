/** Where the editor may listen. */

import { HubError } from '../errors.ts';
import { isLoopback } from '../loopback.ts';

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
