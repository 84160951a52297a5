/** What an `odoo-restore` node for drills does with a message. */

import { discard } from '../../lib/backup/bring-back.ts';
import type { DrillPhase, DrillReport, DrillTools } from '../../lib/backup/drill-run.ts';
import { toHubError } from '../../lib/errors.ts';
import type { OdooConnection } from '../odoo-server/connection.ts';
import type { HubNode } from '../runtime/define-node.ts';
import type { FlowMessage } from '../runtime/node-red.ts';
import { drillTarget, type RestoreConfig, type RestoreSecrets } from './config.ts';
import type { Work } from './odoo-restore.ts';

export function drills(node: HubNode<RestoreConfig, RestoreSecrets>, { place }: OdooConnection): Work {
	const { config, secrets, hub, status, audit } = node;
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
	const drill = async (file: string, signal: AbortSignal): Promise<DrillReport> => {
		const { drillFile } = await import('../../lib/backup/drill-run.ts');
		try {
			const report = await drillFile(tools, file, { signal, onPhase });
			const { backup: subject, database, passed, unrecorded } = report;
			const outcome = passed ? 'done' : 'failed';
			audit({ action: 'backup.drill', actor: `flow:${node.id}`, subject, outcome, details: { database } });
			const { rows, same, tables } = report.comparison;
			const key = `odoo-restore.status.${passed ? 'passed' : 'differs'}`;
			status.set(passed ? 'ready' : 'problem', {
				key,
				values: { database, rows, same, tables, changed: tables - same },
			});
			if (unrecorded !== null) {
				node.log.error(`The drill of ${database} could not be written down: ${unrecorded}`);
				status.set('problem', {
					key: `odoo-restore.status.${passed ? 'passedUnrecorded' : 'differs'}`,
					values: { database, same, tables },
				});
			}
			// One that the alarm does not know of is to be repeated.
			if (passed && unrecorded === null && config.remove) await discard(file);
			return report;
		} catch (thrown) {
			status.set('waiting', { key: 'odoo-restore.status.failed' });
			throw thrown;
		}
	};
	// What a drill left that was killed is a copy of the clinic's data: it does not wait for the next drill.
	let turn: Promise<unknown> = import('../../lib/backup/scratch-sweep.ts')
		.then(({ sweepScratch }) => sweepScratch(tools, node.signal))
		.then(
			(removed) => {
				for (const name of removed) node.log.info(`Removed ${name}, which an earlier drill had left.`);
			},
			(thrown: unknown) => node.log.debug(`The next drill looks again: ${toHubError(thrown).message}`),
		);
	return {
		async handle({ message, send, signal }, { file }) {
			// One after the other.
			const result = turn.then(() => drill(file, signal));
			turn = result.catch(() => {}); // whoever asked is told
			const payload = await result;
			const told: FlowMessage = { ...message, topic: payload.passed ? 'passed' : 'failed', payload };
			if (payload.passed) return send(told);
			send(null, told);
		},
		async close() {},
	};
}
