/** A clinic on the stand-ins of Odoo and Drive: backups are made, brought and judged as the hub does it, without Node-RED. */
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { BackupEvent, BackupPlan, DatabaseResult } from '../../lib/backup/backup-events.ts';
import { type Catalogue, readCatalogue } from '../../lib/backup/catalogue.ts';
import { createKeys, type HubKeys, recipientsOf } from '../../lib/backup/keys.ts';
import type { ClaimCheck } from '../../lib/backup/record.ts';
import { Backups, type BackupsOptions } from '../../lib/backup/run-backup.ts';
import { BackupRuns } from '../../lib/backup/runs.ts';
import type { Standing } from '../../lib/backup/standing.ts';
import { type Uploaded, type UploadTools, uploadBackup } from '../../lib/backup/upload.ts';
import type { DriveClient } from '../../lib/drive/client.ts';
import { Health } from '../../lib/health.ts';
import { silentLog } from '../../lib/log.ts';
import { sealer } from '../../lib/store/sealed.ts';
import { openStore, type Store } from '../../lib/store/store.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';
import { MASTER_PASSWORD, type OdooManager, startManager } from '../servers/odoo-manager.ts';

export const BY_HAND = { trigger: 'hand', actor: 'tester' } as const;
export const DATABASE = 'clinica';
export const STORE_KEY = 'a key of the test that is long';

/** Google's smallest unit: several pieces even of a small file. */
const CHUNK_BYTES = 256 * 1024;

export interface BackupLab {
	odoo: OdooManager;
	drive: DriveServer;
	client: DriveClient;
	store: Store;
	runs: BackupRuns;
	keys: HubKeys;
	directory: string;
	spool: string;
	events: BackupEvent[];
	tools: UploadTools;
	backups(change?: Partial<BackupPlan>, options?: Partial<BackupsOptions>): Promise<Backups>;
	/** One run of one database. */
	run(change?: Partial<BackupPlan>): Promise<DatabaseResult>;
	upload(claim: ClaimCheck, more?: Partial<UploadTools>): Promise<Uploaded>;
	inSpool(): string[];
	catalogue(by?: DriveClient): Promise<Catalogue>;
	/** What lies in the folder of this kind and what it is worth, newest first. */
	backupsInFolder(by?: DriveClient): Promise<Standing[]>;
}

export async function backupLab(t: TestContext): Promise<BackupLab> {
	const odoo = await startManager(t);
	const drive = await startDrive();
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-faults-'));
	const store = await openStore({ file: path.join(directory, 'store.sqlite'), log: silentLog });
	t.after(async () => {
		await store.close();
		await drive[Symbol.asyncDispose]();
		await rm(directory, { recursive: true, force: true });
	});
	const { keys } = await createKeys({ demo: true });
	const spool = path.join(directory, 'spool');
	const client = await drive.service();
	const opened = sealer([STORE_KEY]);
	const events: BackupEvent[] = [];
	const plan = await planOf(odoo.url, keys, spool);
	const tools: UploadTools = {
		open: async () => ({ client, folderId: drive.google.folderId }),
		...{ store: async () => store, sealer: () => opened, owner: 'test', folders: [], chunkBytes: CHUNK_BYTES },
	};
	const lab: BackupLab = {
		...{ odoo, drive, client, store, keys, directory, spool, events, tools },
		runs: await BackupRuns.open(store, { owner: 'test' }),
		async backups(change = {}, options = {}) {
			const backups = new Backups({
				...{ plan: { ...plan, ...change }, store: async () => store, owner: 'test', health: new Health() },
				...{ audit: () => undefined, log: silentLog, onChange: () => undefined },
				onEvent: (event) => events.push(event),
				...options,
			});
			t.after(() => backups.close());
			return backups;
		},
		async run(change) {
			const backups = await lab.backups(change);
			const [result] = await backups.run(BY_HAND);
			await backups.close();
			if (!result) throw new Error('A run without a result.');
			return result;
		},
		upload: (claim, more = {}) =>
			uploadBackup({ ...tools, ...more }, claim, { signal: new AbortController().signal, onProgress: () => {} }),
		inSpool: () => (existsSync(spool) ? readdirSync(spool) : []),
		catalogue: (by = client) => readCatalogue(by, { folderId: drive.google.folderId, verifying: keys.verifying }),
		async backupsInFolder(by) {
			const { databases } = await lab.catalogue(by);
			return [...databases.values()].flat().filter(({ code }) => code !== 'record');
		},
	};
	return lab;
}

/** As the node makes it of its properties. */
export async function planOf(odooUrl: string, keys: HubKeys, spool: string): Promise<BackupPlan> {
	return {
		place: { url: odooUrl, masterPassword: MASTER_PASSWORD, databases: [DATABASE] },
		...{ source: 'manager', format: 'zip', signingKey: keys.signing, spool, demoKeys: true },
		encryption: { kind: 'age', recipients: await recipientsOf(keys) },
		...{ bytesPerSecond: 0, firstByteMs: 20_000, idleMs: 20_000 },
	};
}

/** A time zone in which it is about noon now: what a test makes within an hour is of one day, whenever it runs. */
export function noonZone(): string {
	const ahead = 12 - new Date().getUTCHours();
	// POSIX counts the other way round: Etc/GMT-3 is three hours ahead.
	return ahead === 0 ? 'UTC' : `Etc/GMT${ahead > 0 ? '-' : '+'}${Math.abs(ahead)}`;
}
