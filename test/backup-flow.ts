/** A flow with one `odoo-backup` node, its Odoo, and taps at its outputs. */

import { createKeys, DEMO_RECOVERY, type HubKeys } from '../lib/backup/keys.ts';
import type { FlowNode } from './node-red.ts';
import { MASTER_PASSWORD } from './servers/odoo-manager.ts';

/** Ids in the flow. */
export const BACKUP = 'backup';
export const CLAIMS = 'claims';
export const PROGRESS = 'progress';
export const ODOO = 'odoo';
export const LOOP = 'loop';
export const DELAYS = 'delays';

/** A laboratory's: the recovery key is the published one. */
export const testKeys: HubKeys = (await createKeys({ demo: true })).keys;
export const DEMO_IDENTITY = DEMO_RECOVERY.identity;

/** Environment of a Node-RED in which the published key is accepted. */
export const LAB_ENV = { HUB_DEMO_KEYS: 'true' };

export function odooServer(url: string, properties: Record<string, unknown> = {}): FlowNode {
	return {
		...{ id: ODOO, type: 'odoo-server', version: 1, name: 'Odoo', url, which: 'list', databases: 'clinica' },
		credentials: { masterPassword: MASTER_PASSWORD },
		...properties,
	};
}

export function backupFlow(
	url: string,
	{ odoo = {}, keys = testKeys, ...properties }: Record<string, unknown> & { odoo?: object; keys?: HubKeys } = {},
): FlowNode[] {
	return [
		{ id: 'flow', type: 'tab', label: 'Copias' },
		odooServer(url, odoo as Record<string, unknown>),
		{
			...{ id: BACKUP, type: 'odoo-backup', version: 1, z: 'flow', x: 300, y: 100, wires: [[CLAIMS], [PROGRESS]] },
			...{ odoo: ODOO, source: 'manager', format: 'zip', encryption: 'age', recovery: keys.recovery.join(' ') },
			credentials: { signing: keys.signing, drill: keys.drill.join(' ') },
			...properties,
		},
		{ id: CLAIMS, type: 'test-tap', z: 'flow', wires: [] },
		{ id: PROGRESS, type: 'test-tap', z: 'flow', wires: [] },
	];
}

/** What measures the event loop, for a Node-RED that was started with `loop-delay.cjs`. */
export const LOOP_NODES: FlowNode[] = [
	{ id: LOOP, type: 'test-loop-delay', z: 'flow', wires: [[DELAYS]] },
	{ id: DELAYS, type: 'test-tap', z: 'flow', wires: [] },
];
