/** A drill from the file to its entry in the store: nothing is decrypted before checksum and signature hold. */

import { readFile } from 'node:fs/promises';
import { HubError, type HubErrorCode, toHubError } from '../errors.ts';
import type { DrillComparison } from './drill.ts';
import { BackupEvidence } from './evidence.ts';
import { databaseOf } from './place.ts';
import { type BackupRecord, recordFileName } from './record.ts';
import { runDrill } from './restore-drill.ts';
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
	/** Why the store did not take it, so that the alarm does not know of it; null when it did. */
	unrecorded: string | null;
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
 * Every end of a drill is written down, but the refusals before it began; a failed one is thrown after that. That it could
 * not be written down changes nothing of what was found out.
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
	const evidence = await BackupEvidence.open(store);
	await requireOwnTarget(evidence, tools, databaseUuid);
	/** @returns why it could not */
	const written = (finishedAt: number, passed: boolean, result: unknown): Promise<string | null> =>
		evidence.recordDrill({ backup, databaseUuid, finishedAt, passed, result }).then(
			() => null,
			(thrown: unknown) => toHubError(thrown).message,
		);
	const comparison = await inTurn(tools, signal, (secret, held) =>
		runDrill({
			...{ target: tools.target, format, size: record.plainSize, expected: record, secret, signal: held },
			source: plainBackup(record, file, { identities: tools.identities, signal: held }),
			onPhase: (phase) => onPhase?.(phase, database),
		}),
	).catch(async (thrown: unknown) => {
		const { code, message: text } = toHubError(thrown);
		if (!saysNothing(code)) await written(Date.now(), false, { code, text });
		throw thrown;
	});
	const finishedAt = Date.now();
	const { passed } = comparison;
	const unrecorded = await written(finishedAt, passed, comparison);
	const at = new Date(finishedAt).toISOString();
	return { backup, database, databaseUuid, startedAt, finishedAt: at, passed, comparison, unrecorded };
}

/** Of a drill that a person or the hub's own store stopped: nothing about the backup. */
function saysNothing(code: HubErrorCode): boolean {
	return code === 'CANCELLED' || code === 'LEASE_LOST' || code.startsWith('STORE_');
}

/** The same Odoo as the one that is backed up would be at risk with every drill. */
async function requireOwnTarget(
	evidence: BackupEvidence,
	{ targetUrl }: DrillTools,
	databaseUuid: string,
): Promise<void> {
	const targets = await evidence.targets(databaseUuid);
	if (targets.every((target) => databaseOf({ url: targetUrl }, target) === undefined)) return;
	throw new HubError(
		'CONFIG_INVALID',
		'The drill target is the Odoo that is backed up. Drills need an Odoo of their own: choose another connection.',
	);
}
