/** Applies the rules of retention to the folder, database by database, and says of each file what became of it and why. */

import { throwIfCancelled } from '../cancelled.ts';
import type { DriveClient } from '../drive/client.ts';
import { isKept } from '../drive/file.ts';
import { deleteFile, getFile, markKept, trashFile } from '../drive/files.ts';
import { HubError, toHubError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { readCatalogue } from './catalogue.ts';
import { BackupEvidence } from './evidence.ts';
import { type LastRun, planRetention, type RetentionPlan, type RetentionRules } from './retention.ts';
import { BackupRuns } from './runs.ts';
import type { Standing } from './standing.ts';

export interface RetentionTools {
	/** May be another account than the one that uploads. */
	open(signal?: AbortSignal): Promise<{ client: DriveClient; folderId: string }>;
	store(): Promise<Store>;
	/** Unique to the process. */
	owner: string;
	/** Public keys that are believed. */
	verifying: readonly string[];
	rules: RetentionRules;
	/** `delete`: past the trash, for good. */
	removal: 'trash' | 'delete';
}

export interface RetentionOptions {
	/** Says what would be done, and does nothing. */
	dry: boolean;
	signal: AbortSignal;
	/** Told of each file that went. */
	onRemoved?: (file: { id: string; name: string; databaseUuid: string }) => void;
}

export interface RetentionReport extends RetentionPlan {
	databaseUuid: string;
	/** By the newest signed record; null where there is none. */
	database: string | null;
	/** Ids of the files that went. */
	removed: string[];
	/** Ids of files that somebody changed or marked after they were listed, and of their records; they stay until the next time. */
	changed: string[];
	/** What ended it before its end; null without. */
	failure: { code: string; text: string } | null;
}

/**
 * One report a database. What fails at one file ends the work on that database, and is in its report; the others go on.
 * @throws HubError DRIVE_*, STORE_*, CONFIG_INVALID, KEY_INVALID, CANCELLED when nothing could be read
 */
export async function runRetention(tools: RetentionTools, options: RetentionOptions): Promise<RetentionReport[]> {
	const { signal } = options;
	const { client, folderId } = await tools.open(signal);
	const store = await tools.store();
	const evidence = await BackupEvidence.open(store);
	const runs = await BackupRuns.open(store, { owner: tools.owner });
	const { verifying, rules } = tools;
	const accepted = (uuid: string) => evidence.accepted(uuid);
	const { files, records, databases } = await readCatalogue(client, { folderId, verifying, accepted, signal });
	const reports: RetentionReport[] = [];
	for (const [databaseUuid, standings] of databases) {
		const lastRun = await lastRunOf(runs, databaseUuid);
		const its = files.filter(({ appProperties }) => appProperties['db'] === databaseUuid);
		const names = await accepted(databaseUuid);
		const plan = planRetention({ files: its, records, databaseUuid, accepted: names, rules, lastRun });
		const report: RetentionReport = {
			...{ databaseUuid, database: nameOf(standings), ...plan },
			...{ removed: [], changed: [], failure: null },
		};
		reports.push(report);
		if (!options.dry) await remove(client, report, tools.removal, options);
	}
	return reports;
}

/** A person keeps a backup of this hub, by its id or name in Drive; a note of null takes the mark away. @throws HubError NOT_FOUND, DRIVE_* */
export async function keepBackup(
	{ open, verifying }: Pick<RetentionTools, 'open' | 'verifying'>,
	{ file: wanted, note }: { file: string; note: string | null },
	signal: AbortSignal,
): Promise<{ id: string; name: string; keep: string | null }> {
	const { client, folderId } = await open(signal);
	const { databases } = await readCatalogue(client, { folderId, verifying, signal });
	const found = [...databases.values()]
		.flat()
		.find(({ file, signed }) => signed && [file.id, file.name, signed.id].includes(wanted));
	if (!found) throw new HubError('NOT_FOUND', `No backup of this hub lies in the folder as "${wanted}".`);
	const { id, name } = await markKept(client, found.file.id, note, { signal });
	return { id, name, keep: note };
}

async function remove(
	client: DriveClient,
	report: RetentionReport,
	removal: RetentionTools['removal'],
	{ signal, onRemoved }: RetentionOptions,
): Promise<void> {
	const { databaseUuid, decisions } = report;
	for (const id of report.trash) {
		const decided = decisions.find((decision) => decision.id === id);
		try {
			throwIfCancelled(signal);
			// Without its record a backup that stays would prove nothing any more.
			if (decided?.backups?.some((backup) => report.changed.includes(backup))) {
				report.changed.push(id);
				continue;
			}
			// Between listing and now a person may have marked it, or somebody may have exchanged it.
			const now = await getFile(client, id, signal);
			if (isKept(now) || now.trashed || now.name !== decided?.name || now.size !== decided.size) {
				report.changed.push(id);
				continue;
			}
			await (removal === 'trash' ? trashFile(client, id, signal) : deleteFile(client, id, signal));
		} catch (thrown) {
			const { code, message: text } = toHubError(thrown);
			report.failure = { code, text };
			return;
		}
		report.removed.push(id);
		onRemoved?.({ id, name: decided.name, databaseUuid });
	}
}

/** By the newest run that saw this database, the last one of the same target: a later one may have failed before it saw any. */
async function lastRunOf(runs: BackupRuns, databaseUuid: string): Promise<LastRun | null> {
	const seen = (await runs.list()).find((run) => run.databaseUuid === databaseUuid);
	const last = seen && (await runs.last(seen.target));
	return last ? { id: last.id, outcome: last.outcome } : null;
}

function nameOf(newestFirst: readonly Standing[]): string | null {
	return newestFirst.find(({ signed }) => signed)?.signed?.database ?? null;
}
