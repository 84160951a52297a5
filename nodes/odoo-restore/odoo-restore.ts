/**
 * `odoo-restore`: proves a backup by restoring it beside everything else, counting its rows, and removing it again; or
 * restores one for work, once a person has typed the name of the database.
 */

import { HubError } from '../../lib/errors.ts';
import { odooConnection } from '../odoo-server/connection.ts';
import { defineNode, type NodeInput } from '../runtime/define-node.ts';
import type { FlowMessage, NodeAPI } from '../runtime/node-red.ts';
import { restoreNode } from './config.ts';
import { defineRestoreTopic } from './operator-topic.ts';

/** What a message names. */
export interface Asked {
	file: string;
	into?: string;
}

export interface Work {
	handle(input: NodeInput, asked: Asked): Promise<void>;
	close(): Promise<void>;
}

export default function (RED: NodeAPI): void {
	const sources = defineRestoreTopic(RED);
	defineNode(RED, {
		...restoreNode,
		async setup(node): Promise<Work> {
			const odoo = await node.connection(odooConnection, node.config.target);
			if (node.config.purpose === 'drill') {
				const { drills } = await import('./drills.ts');
				return drills(node, odoo);
			}
			const { restores } = await import('./restores.ts');
			return restores(node, odoo, sources);
		},
		run: (input, work) => work.handle(input, askedOf(input.message)),
		close: (work) => work.close(),
	});
}

/** Of what `drive-download` gives. @throws HubError CONFIG_INVALID */
function askedOf({ payload }: FlowMessage): Asked {
	const { file, into } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>;
	if (typeof file !== 'string' || file === '') {
		throw new HubError('CONFIG_INVALID', 'msg.payload.file must be the path of a backup, as drive-download gives it.');
	}
	if (into === undefined) return { file };
	if (typeof into === 'string') return { file, into };
	throw new HubError('CONFIG_INVALID', 'msg.payload.into must be the name of the database to make.');
}
