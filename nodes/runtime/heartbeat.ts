/**
 * The sign of life to a watcher outside. It belongs to the hub, not to a flow: one address and one sign however many nodes
 * tell people something, and it goes on when a flow is changed.
 */

import { toHubError } from '../../lib/errors.ts';
import { hubOf } from './hub.ts';
import type { NodeAPI } from './node-red.ts';

const MINUTE_MS = 60_000;
/** As `HUB_HEARTBEAT_MINUTES` is documented. */
const DEFAULT_MINUTES = 5;
/** A watcher of servers has no use for more. */
const MAX_MINUTES = 1_440;

/** Begins when the flows run: a hub that ends before that is not alive. Does nothing without `HUB_HEARTBEAT_URL`. */
export function startHeartbeat(RED: NodeAPI): void {
	const url = process.env['HUB_HEARTBEAT_URL'];
	if (!url) return;
	RED.events.once('flows:started', () => void begin(RED, url));
}

/** Never rejects: an address that cannot be used is said by the check `heartbeat`. */
async function begin(RED: NodeAPI, url: string): Promise<void> {
	const { health, log } = hubOf(RED);
	try {
		const { Heartbeat } = await import('../../lib/notices/heartbeat.ts');
		const given = Number(process.env['HUB_HEARTBEAT_MINUTES'] || DEFAULT_MINUTES);
		const minutes = given > 0 && given <= MAX_MINUTES ? given : DEFAULT_MINUTES;
		if (minutes !== given) log.warn(`HUB_HEARTBEAT_MINUTES must be 1 to ${MAX_MINUTES}: ${minutes} is used.`);
		new Heartbeat({ url, intervalMs: minutes * MINUTE_MS, health, log });
	} catch (thrown) {
		const text = `HUB_HEARTBEAT_URL: ${toHubError(thrown).message}`;
		health.register('heartbeat', () => ({ state: 'failed', text }));
		log.error(text);
	}
}
