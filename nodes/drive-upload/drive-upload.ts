/** `drive-upload`: brings backups and other files to the one folder in Google Drive, and says so when they were compared. */

import path from 'node:path';
import { HubError, toHubError } from '../../lib/errors.ts';
import { driveConnection } from '../google-drive/connection.ts';
import { defineNode } from '../runtime/define-node.ts';
import type { FlowMessage, NodeAPI } from '../runtime/node-red.ts';
import { uploadNode } from './config.ts';
import type { Uploader } from './uploader.ts';

/** In the user directory: what messages hold, until it is in Drive. */
const OUTGOING = 'clinic-hub-outgoing';

const BYTES_OF_MBIT = 125_000;
const BYTES_OF_MIB = 1_048_576;

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...uploadNode,
		async setup(node): Promise<Uploader> {
			const { config, hub } = node;
			const drive = await node.connection(driveConnection, config.drive);
			const { uploadFolders } = await import('../../lib/backup/upload-folders.ts');
			const { OutgoingFiles } = await import('../../lib/backup/outgoing.ts');
			const { Uploader } = await import('./uploader.ts');
			const directory = path.resolve(String(RED.settings.userDir ?? '.'), OUTGOING);
			const uploader = new Uploader({
				tools: {
					open: (signal) => drive.open(signal),
					store: hub.store,
					sealer: hub.sealer,
					owner: hub.instance,
					folders: uploadFolders(process.env['HUB_UPLOAD_FOLDERS']),
					...(config.mbit ? { bytesPerSecond: config.mbit * BYTES_OF_MBIT } : {}),
					...(config.pieceMib ? { chunkBytes: config.pieceMib * BYTES_OF_MIB } : {}),
				},
				outgoing: async () => OutgoingFiles.open(await hub.store(), node.id, directory),
				closing: node.signal,
				onStatus: (tone, phrase) => node.status.set(tone, phrase),
				onProgress: (progress) => node.send(undefined, { topic: 'progress', payload: progress }),
				onEnd: (failure) => {
					drive.report(failure);
					if (failure === undefined) return;
					const { code, message } = toHubError(failure);
					node.send(undefined, { topic: 'failed', payload: { code, text: message } });
				},
				onResumed: (result) => node.send({ topic: 'uploaded', payload: result }),
			});
			uploader.resume().catch((thrown: unknown) => node.fail(thrown));
			return uploader;
		},
		async run({ message, send }, uploader) {
			if (message.topic === 'cancel') return void uploader.cancel(cancelled(message));
			const { uploadRequestOf } = await import('../../lib/backup/upload-request.ts');
			const result = await uploader.bring(uploadRequestOf(message));
			if (result === undefined) return;
			message.topic = 'uploaded';
			message.payload = result;
			send(message);
		},
		close: (uploader) => uploader.close(),
	});
}

/** Id or name of what is to be cancelled; undefined for everything. @throws HubError CONFIG_INVALID */
function cancelled({ payload }: FlowMessage): string | undefined {
	if (typeof payload === 'string' && payload !== '') return payload;
	const { id } = (payload ?? {}) as { id?: unknown };
	if (id === undefined) return undefined;
	if (typeof id === 'string' && id !== '') return id;
	// Never everything by mistake.
	throw new HubError(
		'CONFIG_INVALID',
		'msg.payload.id must be the id or name of an upload; leave it out to cancel all.',
	);
}
