/** `drive-download`: brings a backup from Drive, still encrypted, and lets it through only when checksum and signature hold. */

import path from 'node:path';
import type { BringBackRequest, BroughtBack, Wanted } from '../../lib/backup/bring-back.ts';
import { HubError } from '../../lib/errors.ts';
import { driveConnection } from '../google-drive/connection.ts';
import { defineNode, type NodeInput } from '../runtime/define-node.ts';
import type { FlowMessage, NodeAPI } from '../runtime/node-red.ts';
import { downloadNode } from './config.ts';

interface Ready {
	/** One after the other. */
	bring(wanted: Wanted, signal: AbortSignal): Promise<BroughtBack>;
	/** Each database that has a backup that counts. */
	databases(signal: AbortSignal): Promise<string[]>;
}

/** Below the user directory, unless a folder is given. */
const DIRECTORY = 'restore';

const BYTES_OF_MBIT = 125_000;
const PERCENT = 100;

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...downloadNode,
		async setup(node): Promise<Ready> {
			const { config, hub, status } = node;
			const drive = await node.connection(driveConnection, config.drive);
			const request: Omit<BringBackRequest, 'wanted' | 'signal'> = {
				open: (signal) => drive.open(signal),
				verifying: config.verifying,
				async accepted(databaseUuid) {
					const { BackupEvidence } = await import('../../lib/backup/evidence.ts');
					return (await BackupEvidence.open(await hub.store())).accepted(databaseUuid);
				},
				directory: config.directory ?? path.resolve(String(RED.settings.userDir ?? '.'), DIRECTORY),
				...(config.mbit ? { bytesPerSecond: config.mbit * BYTES_OF_MBIT } : {}),
				onProgress({ name, bytes, total }) {
					const percent = total > 0 ? Math.floor((bytes / total) * PERCENT) : PERCENT;
					status.set('busy', { key: 'drive-download.status.busy', values: { name, percent } });
				},
			};
			const ready = () => status.set('ready', { key: 'drive-download.status.ready' });
			ready();
			let turn: Promise<unknown> = Promise.resolve();
			return {
				bring(wanted, signal) {
					const result = turn.then(async () => {
						const { bringBack } = await import('../../lib/backup/bring-back.ts');
						const named = { database: config.database, ...wanted };
						try {
							const brought = await bringBack({ ...request, wanted: named, signal });
							drive.report(undefined);
							return brought;
						} catch (thrown) {
							drive.report(thrown);
							throw thrown;
						} finally {
							ready();
						}
					});
					turn = result.catch(() => {}); // whoever asked is told
					return result;
				},
				async databases(signal) {
					const { databasesInFolder } = await import('../../lib/backup/bring-back.ts');
					return databasesInFolder({ ...request, signal });
				},
			};
		},
		run: handle,
	});
}

async function handle({ message, send, signal }: NodeInput, { bring, databases }: Ready): Promise<void> {
	const one = async (wanted: Wanted) => {
		const payload = await bring(wanted, signal);
		send({ ...message, topic: payload.database, payload });
	};
	if (message.topic !== 'each') return one(wantedOf(message));
	const failures: unknown[] = [];
	// One that cannot be brought keeps nobody from proving the others.
	for (const database of await databases(signal)) {
		await one({ database }).catch((thrown: unknown) => failures.push(thrown));
	}
	if (failures.length > 0) throw failures[0];
}

/** Schedules send anything; only an object names a backup. @throws HubError CONFIG_INVALID */
function wantedOf({ payload }: FlowMessage): Wanted {
	const { backup, database } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<
		string,
		unknown
	>;
	const wrong = Object.entries({ backup, database }).find(
		([, value]) => value !== undefined && (typeof value !== 'string' || value === ''),
	);
	if (wrong) throw new HubError('CONFIG_INVALID', `msg.payload.${wrong[0]} must be a text.`);
	return {
		...(backup === undefined || backup === 'newest' ? {} : { backup: backup as string }),
		...(database === undefined ? {} : { database: database as string }),
	};
}
