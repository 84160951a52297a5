/** What "Test connection" does: looks at account, folder, space and sharing, with what stands in the dialog. */

import { bytesNeeded, DEFAULT_RETENTION } from '../../lib/backup/retention.ts';
import { BackupRuns } from '../../lib/backup/runs.ts';
import { toHubError } from '../../lib/errors.ts';
import type { Probe } from '../runtime/connection-test.ts';
import type { Hub } from '../runtime/hub.ts';
import { accountOf } from './account.ts';
import { apiUrl, type DriveConfig, type DriveSecrets } from './config.ts';
import { folderOf } from './opener.ts';

/** A person waits: of failures that may pass by themselves three are borne, some seconds. */
const PATIENCE = { failures: 3 };

export async function testDrive(
	config: DriveConfig,
	secrets: DriveSecrets,
	hub: Hub,
	signal: AbortSignal,
): Promise<Probe> {
	const { openDrive } = await import('../../lib/drive/client.ts');
	const { checkDrive } = await import('../../lib/drive/check.ts');
	try {
		const account = await accountOf(config, secrets, hub);
		const client = await openDrive({ account, patience: PATIENCE, ...apiUrl() });
		const { purpose, domains } = config;
		const { ok, findings, error } = await checkDrive(
			client,
			{
				folder: await folderOf(client, config, signal),
				purpose,
				neededBytes: await needed(hub),
				...(domains.length > 0 ? { domains } : {}),
			},
			signal,
		);
		const shown = findings.map(({ level, text }) => ({ level, text }));
		if (error) return { ok: false, text: error.text, code: error.code, findings: shown };
		return { ok, text: '', findings: shown };
	} catch (thrown) {
		const { code, message } = toHubError(thrown);
		return { ok: false, text: message, code };
	}
}

/** What the retention plan needs at most, by the newest backup of each database; 0 as long as there is none. */
async function needed(hub: Hub): Promise<number> {
	const runs = await (await BackupRuns.open(await hub.store(), { owner: hub.instance })).list();
	const newest = new Map<string, number>();
	for (const { target, outcome, bytes } of runs)
		if (outcome === 'complete' && !newest.has(target)) newest.set(target, bytes);
	const rules = { ...DEFAULT_RETENTION, timeZone: 'UTC' };
	return [...newest.values()].reduce((sum, bytes) => sum + bytesNeeded(rules, bytes), 0);
}
