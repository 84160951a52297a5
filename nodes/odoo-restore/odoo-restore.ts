/** `odoo-restore`: proves a backup by restoring it beside everything else, counting its rows, and removing it again. */

import { discard } from '../../lib/backup/bring-back.ts';
import type { DrillPhase, DrillReport, DrillTools } from '../../lib/backup/drill-run.ts';
import { HubError } from '../../lib/errors.ts';
import { odooConnection } from '../odoo-server/connection.ts';
import { defineNode, type NodeInput } from '../runtime/define-node.ts';
import type { FlowMessage, NodeAPI } from '../runtime/node-red.ts';
import { drillTarget, restoreNode } from './config.ts';

interface Ready {
	/** One after the other. */
	drill(file: string, signal: AbortSignal): Promise<DrillReport>;
}

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...restoreNode,
		async setup(node): Promise<Ready> {
			const { config, secrets, hub, status, audit } = node;
			const { place } = await node.connection(odooConnection, config.target);
			const tools: DrillTools = {
				...{ store: hub.store, sealer: hub.sealer, owner: hub.instance },
				target: drillTarget(config.way, place),
				targetUrl: place.url,
				verifying: config.verifying,
				identities: secrets.drill,
			};
			const onPhase = (phase: DrillPhase, database: string) =>
				status.set('busy', { key: `odoo-restore.status.${phase}`, values: { database } });
			status.set('ready', { key: 'odoo-restore.status.ready' });
			let turn: Promise<unknown> = Promise.resolve();
			const work = async (file: string, signal: AbortSignal): Promise<DrillReport> => {
				const { drillFile } = await import('../../lib/backup/drill-run.ts');
				try {
					const report = await drillFile(tools, file, { signal, onPhase });
					const { backup: subject, database, passed } = report;
					const outcome = passed ? 'done' : 'failed';
					audit({ action: 'backup.drill', actor: `flow:${node.id}`, subject, outcome, details: { database } });
					const { rows, same, tables } = report.comparison;
					const key = `odoo-restore.status.${passed ? 'passed' : 'differs'}`;
					status.set(passed ? 'ready' : 'problem', { key, values: { database, rows, same, tables } });
					if (passed && config.remove) await discard(file);
					return report;
				} catch (thrown) {
					status.set('waiting', { key: 'odoo-restore.status.failed' });
					throw thrown;
				}
			};
			return {
				drill(file, signal) {
					const result = turn.then(() => work(file, signal));
					turn = result.catch(() => {}); // whoever asked is told
					return result;
				},
			};
		},
		run: handle,
	});
}

async function handle({ message, send, signal }: NodeInput, { drill }: Ready): Promise<void> {
	const payload = await drill(fileOf(message), signal);
	const told: FlowMessage = { ...message, topic: payload.passed ? 'passed' : 'failed', payload };
	if (payload.passed) return send(told);
	send(null, told);
}

/** Of what `drive-download` gives. @throws HubError CONFIG_INVALID */
function fileOf({ payload }: FlowMessage): string {
	const { file } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>;
	if (typeof file === 'string' && file !== '') return file;
	throw new HubError('CONFIG_INVALID', 'msg.payload.file must be the path of a backup, as drive-download gives it.');
}
