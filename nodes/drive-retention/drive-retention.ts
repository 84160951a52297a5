/** `drive-retention`: removes backups that newer ones have made superfluous, and says of each file what and why. */

import type { RetentionReport, RetentionTools } from '../../lib/backup/retention-run.ts';
import { HubError, type HubErrorCode } from '../../lib/errors.ts';
import { driveConnection } from '../google-drive/connection.ts';
import { defineNode, type NodeInput } from '../runtime/define-node.ts';
import type { FlowMessage, NodeAPI } from '../runtime/node-red.ts';
import { retentionNode, rulesOf } from './config.ts';

interface Ready {
	tools: RetentionTools;
	/** Never removes. */
	dryOnly: boolean;
	/** One after the other: two at once would both count what the other one removes. */
	alone<T>(work: () => Promise<T>): Promise<T>;
	onRemoved(file: { id: string; name: string; databaseUuid: string }): void;
	/** Who may remove a mark may have a backup removed: both are recorded. */
	onMarked(topic: 'keep' | 'release', file: { id: string; name: string }): void;
	tell(reports: readonly RetentionReport[], dry: boolean): void;
	ended(failure: unknown): void;
}

/** Schedules send no topic. */
const RUN: readonly unknown[] = [undefined, '', 'run'];

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...retentionNode,
		async setup(node): Promise<Ready> {
			const { config, hub, status, audit } = node;
			const drive = await node.connection(driveConnection, config.drive);
			let turn: Promise<unknown> = Promise.resolve();
			status.set('ready', { key: 'drive-retention.status.ready' });
			return {
				tools: {
					open: (signal) => drive.open(signal),
					store: hub.store,
					owner: hub.instance,
					verifying: config.verifying,
					rules: rulesOf(config),
					removal: config.removal,
				},
				dryOnly: config.dry,
				alone(work) {
					const result = turn.then(work);
					turn = result.catch(() => {}); // whoever asked is told
					return result;
				},
				onRemoved: ({ id, name, databaseUuid }) =>
					audit({
						...{ action: 'backup.prune', actor: `flow:${node.id}`, subject: id, outcome: 'done' },
						details: { name, databaseUuid, removal: config.removal },
					}),
				onMarked: (topic, { id, name }) =>
					audit({
						...{ action: `backup.${topic}`, actor: `flow:${node.id}`, subject: id, outcome: 'done' },
						details: { name },
					}),
				tell(reports, dry) {
					const remaining = reports.reduce((sum, report) => sum + report.remaining, 0);
					const gone = reports.reduce((sum, { removed, trash }) => sum + (dry ? trash : removed).length, 0);
					const held = reports.some(({ hold }) => hold !== null);
					const key = `drive-retention.status.${dry ? 'would' : held ? 'held' : 'done'}`;
					status.set(held && !dry ? 'waiting' : 'ready', { key, values: { remaining, gone } });
				},
				ended: (failure) => drive.report(failure),
			};
		},
		run: handle,
	});
}

async function handle({ message, send, signal }: NodeInput, ready: Ready): Promise<void> {
	const { topic } = message;
	const { tools, alone } = ready;
	if (topic === 'keep' || topic === 'release') {
		const { keepBackup } = await import('../../lib/backup/retention-run.ts');
		const wanted = wantedOf(message);
		const payload = await alone(() => keepBackup(tools, wanted, signal));
		ready.onMarked(topic, payload);
		return send({ ...message, payload });
	}
	if (topic !== 'dry' && !RUN.includes(topic)) {
		throw new HubError('CONFIG_INVALID', 'msg.topic must be run (or empty), dry, keep or release.');
	}
	const dry = topic === 'dry' || ready.dryOnly;
	const { runRetention } = await import('../../lib/backup/retention-run.ts');
	const { onRemoved } = ready;
	try {
		const reports = await alone(() => runRetention(tools, { dry, signal, onRemoved }));
		ready.tell(reports, dry);
		const failed = reports.find(({ failure }) => failure)?.failure;
		// What was done before the failure is told, too.
		send({ ...message, topic: 'report', payload: { dry, removal: tools.removal, databases: reports } });
		if (failed) throw new HubError(failed.code as HubErrorCode, failed.text);
		ready.ended(undefined);
	} catch (thrown) {
		ready.ended(thrown);
		throw thrown;
	}
}

/** @throws HubError CONFIG_INVALID */
function wantedOf({ topic, payload }: FlowMessage): { file: string; note: string | null } {
	const { file, note } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<string, unknown>;
	if (typeof file !== 'string' || file === '') {
		throw new HubError('CONFIG_INVALID', 'msg.payload.file must be the name of a backup, its id, or its id in Drive.');
	}
	if (topic === 'release') return { file, note: null };
	if (typeof note === 'string' && note.trim() !== '') return { file, note: note.trim() };
	throw new HubError('CONFIG_INVALID', 'msg.payload.note must say why the backup is kept.');
}
