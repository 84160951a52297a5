/** Backup and upload as a hub does them, alone in a process that is killed. Options as JSON in argv; tells its parent what happens. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { HubKeys } from '../../lib/backup/keys.ts';
import { OutgoingFiles } from '../../lib/backup/outgoing.ts';
import type { ClaimCheck } from '../../lib/backup/record.ts';
import { Backups } from '../../lib/backup/run-backup.ts';
import type { UploadTools } from '../../lib/backup/upload.ts';
import { openDrive } from '../../lib/drive/client.ts';
import { Health } from '../../lib/health.ts';
import { sealer } from '../../lib/store/sealed.ts';
import { openStore } from '../../lib/store/store.ts';
import { Uploader } from '../../nodes/drive-upload/uploader.ts';
import { PATIENCE } from '../servers/drive.ts';
import { BY_HAND, planOf, STORE_KEY } from './backup-lab.ts';

export interface BackupProcessOptions {
	/** Store and spool lie there. */
	directory: string;
	odooUrl: string;
	keys: HubKeys;
	drive: { url: string; keyFile: string; folderId: string };
	leaseMs: number;
	resendMs?: number;
	/** Both ways; slow enough for a moment to be met. */
	bytesPerSecond: number;
	chunkBytes: number;
	/** Attempts of one call to Drive; default as patient as the tests of the client. */
	failures?: number;
}

export type BackupProcessEvent =
	| { kind: 'started' | 'made' | 'uploaded'; id: string }
	| { kind: 'failed' | 'upload failed'; code: string; text: string };

const options = JSON.parse(process.argv[2] ?? '{}') as BackupProcessOptions;
const { directory, odooUrl, keys, drive, leaseMs, resendMs, bytesPerSecond, chunkBytes } = options;
const log = { debug() {}, info() {}, warn: console.error, error: console.error };
const tell = (event: BackupProcessEvent) => void process.send?.(event);
const store = await openStore({ file: path.join(directory, 'store.sqlite') });
const secrets = sealer([STORE_KEY]);
const client = await openDrive({
	account: { kind: 'service-account', key: readFileSync(drive.keyFile, 'utf8') },
	...{ apiUrl: drive.url, patience: { ...PATIENCE, failures: options.failures ?? PATIENCE.failures }, idleMs: 20_000 },
});
const tools: UploadTools = {
	open: async () => ({ client, folderId: drive.folderId }),
	...{ store: async () => store, sealer: () => secrets, owner: `hub-${process.pid}`, folders: [] },
	...{ bytesPerSecond, chunkBytes },
};
const uploader = new Uploader({
	...{ tools, closing: new AbortController().signal },
	outgoing: () => OutgoingFiles.open(store, 'upload', path.join(directory, 'outgoing')),
	...{ onStatus() {}, onProgress() {}, onEnd() {}, onResumed() {} },
});

async function bring(claim: ClaimCheck): Promise<void> {
	try {
		const uploaded = await uploader.bring({ kind: 'backup', claim });
		if (uploaded) tell({ kind: 'uploaded', id: uploaded.id });
	} catch (thrown) {
		const { code, message } = thrown as { code: string; message: string };
		tell({ kind: 'upload failed', code, text: message });
	}
}

const backups = new Backups({
	plan: { ...(await planOf(odooUrl, keys, path.join(directory, 'spool'))), bytesPerSecond },
	...{ store: async () => store, owner: `hub-${process.pid}`, health: new Health(), audit: () => {}, log, leaseMs },
	...(resendMs === undefined ? {} : { resendMs }),
	onChange() {},
	onEvent(event) {
		if (event.kind === 'started') tell({ kind: 'started', id: event.id });
		if (event.kind === 'failed') tell({ kind: 'failed', code: event.error.code, text: event.error.message });
		if (event.kind !== 'made') return;
		tell({ kind: 'made', id: event.claim.id });
		void bring(event.claim);
	},
});
backups.start();
process.on('message', (message) => {
	if (message === 'run') void backups.run(BY_HAND);
});
process.once('disconnect', () => process.exit(0));
