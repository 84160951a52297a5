/** A drill from the file to its entry in the store: nothing is decrypted before checksum and signature hold. */

import { readFile } from 'node:fs/promises';
import { HubError, toHubError } from '../errors.ts';
import type { DrillComparison } from './drill.ts';
import { BackupEvidence } from './evidence.ts';
import { databaseOf } from './place.ts';
import { type BackupRecord, recordFileName } from './record.ts';
import { runDrill } from './restore-drill.ts';
import { BackupRuns } from './runs.ts';
import { inTurn, type ScratchTools } from './scratch-sweep.ts';
import { parseSigned } from './signature.ts';
import { plainBackup, verifyBackup } from './verify-file.ts';

export interface DrillTools extends ScratchTools {
	/** Where the target's Odoo is, to be compared with the one that is backed up. */
	targetUrl: string;
	/** Public keys that are believed. */
	verifying: readonly string[];
	/** Secret drill keys, newest first. */
	identities: readonly string[];
}

export type DrillPhase = 'checksum' | 'restore' | 'compare' | 'drop';

export interface DrillReport {
	backup: string;
	database: string;
	databaseUuid: string;
	startedAt: string;
	finishedAt: string;
	passed: boolean;
	comparison: DrillComparison;
}

/** Tells what is signed and intact; nothing of it was opened. @throws HubError BACKUP_UNTRUSTED, NOT_FOUND, CANCELLED */
export async function believed(
	file: string,
	verifying: readonly string[],
	signal: AbortSignal,
): Promise<{ record: BackupRecord; signed: unknown }> {
	const signed = parseSigned(
		await readFile(recordFileName(file), 'utf8').catch((cause: unknown) => {
			throw new HubError('BACKUP_UNTRUSTED', `No signed record lies beside ${file}.`, { cause });
		}),
	);
	const { record } = await verifyBackup({ file, signed, verifying, identities: [], signal });
	return { record, signed };
}

/**
 * Every end of a drill is written down, but the refusals before it began; a failed one is thrown after that.
 * @throws HubError BACKUP_UNTRUSTED, KEY_INVALID, CONFIG_INVALID when the target is what is backed up, and those of the restore
 */
export async function drillFile(
	tools: DrillTools,
	file: string,
	{ signal, onPhase }: { signal: AbortSignal; onPhase?: (phase: DrillPhase, database: string) => void },
): Promise<DrillReport> {
	onPhase?.('checksum', '');
	const { record } = await believed(file, tools.verifying, signal);
	const { id: backup, database, databaseUuid, startedAt, format } = record;
	const store = await tools.store();
	await requireOwnTarget(await BackupRuns.open(store, { owner: tools.owner }), tools, databaseUuid);
	const evidence = await BackupEvidence.open(store);
	try {
		const comparison = await inTurn(tools, signal, (secret, held) =>
			runDrill({
				...{ target: tools.target, format, size: record.plainSize, expected: record, secret, signal: held },
				source: plainBackup(record, file, { identities: tools.identities, signal: held }),
				onPhase: (phase) => onPhase?.(phase, database),
			}),
		);
		const finishedAt = Date.now();
		const { passed } = comparison;
		await evidence.recordDrill({ backup, databaseUuid, finishedAt, passed, result: comparison });
		const at = new Date(finishedAt).toISOString();
		return { backup, database, databaseUuid, startedAt, finishedAt: at, passed, comparison };
	} catch (thrown) {
		const { code, message: text } = toHubError(thrown);
		// Stopping a node says nothing about the backup.
		if (code !== 'CANCELLED') {
			const entry = { backup, databaseUuid, finishedAt: Date.now(), passed: false, result: { code, text } };
			await evidence.recordDrill(entry);
		}
		throw thrown;
	}
}

/** The same Odoo as the one that is backed up would be at risk with every drill. */
async function requireOwnTarget(runs: BackupRuns, { targetUrl }: DrillTools, databaseUuid: string): Promise<void> {
	const seen = (await runs.list()).filter((run) => run.databaseUuid === databaseUuid);
	if (seen.every(({ target }) => databaseOf({ url: targetUrl }, target) === undefined)) return;
	throw new HubError(
		'CONFIG_INVALID',
		'The drill target is the Odoo that is backed up. Drills need an Odoo of their own: choose another connection.',
	);
}
