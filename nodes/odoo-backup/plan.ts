/** What the properties of a node mean for its runs. */

import path from 'node:path';
import type { BackupPlan } from '../../lib/backup/backup-events.ts';
import { checkKeys, recipientsOf } from '../../lib/backup/keys.ts';
import type { Encryption } from '../../lib/backup/pipeline.ts';
import { type OdooPlace, sourceOf } from '../../lib/backup/place.ts';
import type { BackupConfig, BackupSecrets } from './config.ts';

const MINUTE_MS = 60_000;
const SECOND_MS = 1_000;
const MEGABYTE = 1_000_000;

/** Below the user directory, unless a folder is given. */
const SPOOL = 'spool';

export interface PlanSetting {
	place: OdooPlace;
	userDir: string;
	/** The published recovery key is accepted: a laboratory. */
	demoKeys: boolean;
}

/** @throws HubError KEY_INVALID; CONFIG_INVALID when the connection lacks what the chosen way needs */
export async function planOf(
	config: BackupConfig,
	secrets: BackupSecrets,
	{ place, userDir, demoKeys }: PlanSetting,
): Promise<BackupPlan> {
	const { source, format, spool, limit, firstByte, idle } = config;
	// Asked for now, so that a node says what is missing before its first night.
	sourceOf(place, { source, format, database: '' });
	return {
		...{ place, source, format, demoKeys },
		encryption: await encryptionOf(config, secrets),
		signingKey: secrets.signing ?? '',
		spool: spool ?? path.join(userDir, SPOOL),
		bytesPerSecond: (limit ?? 0) * MEGABYTE,
		firstByteMs: firstByte * MINUTE_MS,
		idleMs: idle * SECOND_MS,
	};
}

/** Who can open the backups: every recovery key, and the newest drill key. */
async function encryptionOf(
	{ encryption, recovery }: BackupConfig,
	{ drill, signing }: BackupSecrets,
): Promise<Encryption> {
	if (encryption === 'none') return { kind: 'none' };
	const keys = await checkKeys({ recovery, drill, signing: signing ?? '', verifying: [] });
	return { kind: 'age', recipients: await recipientsOf(keys) };
}
