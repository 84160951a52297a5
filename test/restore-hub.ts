/** A signed backup on this machine, and a hub that drills and restores with it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import type { DrillTools } from '../lib/backup/drill-run.ts';
import { createKeys } from '../lib/backup/keys.ts';
import type { RestoreRequest } from '../lib/backup/restore.ts';
import { sealer } from '../lib/store/sealed.ts';
import { openStore } from '../lib/store/store.ts';
import { MASTER_PASSWORD } from './servers/odoo-manager.ts';
import { signedFile } from './unit/backup/signed-file.ts';

export const NOWHERE = 'http://127.0.0.1:1';
export const SECRET = 'secret of the store';
export const LEASE_MS = 900;

export const folder = async (t: TestContext) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-restore-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	return directory;
};

/** A signed backup, and a hub that restores to `url`. */
export async function hub(t: TestContext, url: string) {
	const directory = await folder(t);
	const { keys, recoveryIdentity } = await createKeys();
	const storeFile = path.join(directory, 'hub.sqlite');
	const store = await openStore({ file: storeFile });
	t.after(() => store.close());
	const tools: DrillTools = {
		...{ store: async () => store, sealer: () => sealer([SECRET]), owner: 'test', leaseMs: LEASE_MS },
		target: { kind: 'manager', url, masterPassword: MASTER_PASSWORD },
		...{ targetUrl: url, verifying: keys.verifying, identities: keys.drill },
	};
	const backup = await signedFile(directory, keys);
	const { signal } = new AbortController();
	const request: RestoreRequest = {
		target: { kind: 'manager', address: { url, masterPassword: MASTER_PASSWORD } },
		...{ file: backup.file, signed: backup.signed, verifying: keys.verifying, identities: keys.drill, signal },
		...{ into: 'nueva', copy: false, neutralize: true, confirm: async () => undefined },
	};
	return { directory, keys, recoveryIdentity, storeFile, store, tools, backup, request, signal };
}
