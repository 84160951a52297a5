/** Backups that lack files of the source, and what a person has said about these files. */

import type { BackupEvidence } from './evidence.ts';
import type { ClaimCheck } from './record.ts';
import type { BackupRuns } from './runs.ts';

/** A backup that waits for a person. */
export interface IncompleteBackup {
	claim: ClaimCheck;
	target: string;
	/** Milliseconds since 1970. */
	finishedAt: number;
	/** Of its missing files, those that nobody has accepted; never empty. */
	open: string[];
}

/** Of the files that are missing, those that nobody has accepted. */
export async function openNames(
	{ databaseUuid, missing }: Pick<ClaimCheck, 'databaseUuid' | 'missing'>,
	evidence: Pick<BackupEvidence, 'accepted'>,
): Promise<string[]> {
	if (missing.length === 0) return [];
	const accepted = await evidence.accepted(databaseUuid);
	return missing.filter((name) => !accepted.has(name));
}

/** Newest first. @param isOurs says whose target it is */
export async function incompleteBackups(
	runs: Pick<BackupRuns, 'incomplete'>,
	evidence: Pick<BackupEvidence, 'accepted'>,
	isOurs: (target: string) => boolean,
): Promise<IncompleteBackup[]> {
	const found: IncompleteBackup[] = [];
	for (const { run, claim } of await runs.incomplete<ClaimCheck>()) {
		if (!isOurs(run.target)) continue;
		const open = await openNames(claim, evidence);
		const finishedAt = run.finishedAt ?? run.startedAt;
		if (open.length > 0) found.push({ claim, target: run.target, finishedAt, open });
	}
	return found;
}
