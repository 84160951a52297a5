/** Keys of backups for a laboratory: the recovery key is the published one, drill and signing key are the lab's own. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { BackupEvidence } from '../lib/backup/evidence.ts';
import { requireKeys } from '../lib/backup/key-use.ts';
import { createKeys, DEMO_RECOVERY, type HubKeys, KEY_VARIABLES, recipientsOf } from '../lib/backup/keys.ts';
import { openStore } from '../lib/store/store.ts';
import { writePrivate } from './children.ts';

/** Makes the keys at the first start; later ones find them, so that what lies in the folder stays believed. */
export async function ensureKeys(directory: string): Promise<HubKeys> {
	const file = path.join(directory, 'backup-keys.json');
	const kept = await readFile(file, 'utf8').catch((thrown: NodeJS.ErrnoException) => {
		if (thrown.code === 'ENOENT') return undefined;
		throw thrown;
	});
	if (kept !== undefined) return JSON.parse(kept) as HubKeys;
	const { keys } = await createKeys({ demo: true });
	await writePrivate(file, `${JSON.stringify(keys, null, '\t')}\n`);
	return keys;
}

/** Opens a test file with the recovery key and notes it in the hub's store, as set-up asks of a person elsewhere. */
export async function proveRecoveryKey(keys: HubKeys, userDir: string): Promise<void> {
	const store = await openStore({ file: path.join(userDir, 'clinic-hub.sqlite') });
	try {
		const encryption = { kind: 'age' as const, recipients: await recipientsOf(keys) };
		const evidence = await BackupEvidence.open(store);
		await requireKeys({ encryption, signingKey: keys.signing, demoKeys: true }, evidence);
	} finally {
		await store.close();
	}
}

/** By which hub, command and acceptance test use them. */
export function keyVariables({ recovery, drill, signing, verifying }: HubKeys): Record<string, string> {
	return {
		[KEY_VARIABLES.recovery]: recovery.join(','),
		[KEY_VARIABLES.drill]: drill.join(','),
		[KEY_VARIABLES.signing]: signing,
		[KEY_VARIABLES.verifying]: verifying.join(','),
		HUB_DEMO_KEYS: 'true',
		HUB_ACCEPT_RECOVERY_KEY: DEMO_RECOVERY.identity,
	};
}
