/** A clinic with the stand-in of Odoo, a store and a spool of its own, for tests of whole runs. */
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { BackupEvent, BackupPlan } from '../lib/backup/backup-events.ts';
import { createKeys, type HubKeys, recipientsOf } from '../lib/backup/keys.ts';
import { Backups, type BackupsOptions } from '../lib/backup/run-backup.ts';
import { Health } from '../lib/health.ts';
import { silentLog } from '../lib/log.ts';
import { openStore, type Store } from '../lib/store/store.ts';
import { MASTER_PASSWORD, type OdooManager, startManager } from './servers/odoo-manager.ts';

export interface Clinic {
	odoo: OdooManager;
	store: Store;
	spool: string;
	keys: HubKeys;
	events: BackupEvent[];
	/** @param options such as a store that fails */
	backups(change?: Partial<BackupPlan>, options?: Partial<BackupsOptions>): Promise<Backups>;
}

export async function clinic(t: TestContext, keys?: HubKeys): Promise<Clinic> {
	const odoo = await startManager(t);
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-run-'));
	const store = await openStore({ file: path.join(directory, 'store.sqlite'), log: silentLog });
	t.after(async () => {
		await store.close();
		await rm(directory, { recursive: true, force: true });
	});
	const used = keys ?? (await createKeys({ demo: true })).keys;
	const spool = path.join(directory, 'spool');
	const events: BackupEvent[] = [];
	return {
		...{ odoo, store, spool, keys: used, events },
		async backups(change = {}, options = {}) {
			const place = { url: odoo.url, masterPassword: MASTER_PASSWORD, databases: ['clinica'] };
			const encryption = { kind: 'age' as const, recipients: await recipientsOf(used) };
			const limits = { bytesPerSecond: 0, firstByteMs: 20_000, idleMs: 20_000 };
			const backups = new Backups({
				plan: {
					...{ place, source: 'manager', format: 'zip', encryption, signingKey: used.signing, spool },
					...{ ...limits, demoKeys: true, ...change },
				},
				...{ store: async () => store, owner: 'test', health: new Health(), audit: () => undefined, log: silentLog },
				...{ onEvent: (event) => events.push(event), onChange: () => undefined },
				...options,
			});
			t.after(() => backups.close());
			return backups;
		},
	};
}

export const BY_HAND = { trigger: 'hand', actor: 'tester' } as const;
export const inSpool = ({ spool }: Clinic) => readdirSync(spool);
