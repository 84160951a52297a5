/** What the spool and the records say of each other after a restart. */

import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../log.ts';
import { isGood } from './last-runs.ts';
import type { ClaimCheck } from './record.ts';
import type { BackupRuns } from './runs.ts';
import { parseSigned } from './signature.ts';
import type { Spool, SpooledFile } from './spool.ts';

export interface Leftovers {
	runs: Pick<BackupRuns, 'waiting' | 'spoolLost' | 'find'>;
	spool: Spool;
	log: Log;
	/** False: only claim checks whose file is there are looked for. */
	tidy: boolean;
}

const LOST =
	'The file was gone from the spool before it was uploaded. Make a new backup, and see who empties that folder.';

/**
 * The claim checks that are to be sent on again, oldest first. One whose file is gone from this spool is no backup any more; a
 * file that no claim check stands for any more is removed.
 * @param isOurs says whose target it is: each node sends its own
 */
export async function claimsToSend(
	{ runs, spool, log, tidy }: Leftovers,
	isOurs: (target: string) => boolean,
): Promise<ClaimCheck[]> {
	const spooled = tidy ? await spool.finished() : [];
	const claims: ClaimCheck[] = [];
	for (const { claim, target, here } of await runs.waiting<ClaimCheck>()) {
		if (!isOurs(target)) continue;
		if (await spool.lies(claim.file)) claims.push(claim);
		// Of another hub's backup, or of a disk that is not there just now, nobody here knows whether the file is gone.
		else if (tidy && here && path.dirname(claim.file) === spool.directory) {
			if (await runs.spoolLost(claim.id, LOST)) log.warn(`The backup ${claim.id} of ${claim.database}: ${LOST}`);
		}
	}
	for (const each of spooled) await removeForgotten({ runs, spool, log }, each);
	return claims;
}

/** Its process died after the file was named and before that was written down, or after the upload and before this. */
async function removeForgotten(
	{ runs, spool, log }: Omit<Leftovers, 'tidy'>,
	{ file, record }: SpooledFile,
): Promise<void> {
	const id = idOf(await readFile(record, 'utf8').catch(() => ''));
	const run = id === undefined ? undefined : await runs.find(id);
	// Of a run that goes on elsewhere, or of another hub's records: not this hub's to remove.
	if (!run || run.outcome === null) return;
	// Its claim check is sent on, here or by the hub that made it, which may see this folder under another path.
	if (isGood(run.outcome) && run.releasedAt === null) return;
	log.info(
		`Removed from the spool, for its run ${run.releasedAt === null ? `is ${run.outcome}` : 'was uploaded'}: ${run.id}`,
	);
	await spool.release(file);
}

/** Not trusted: only used to find the run in the hub's own records. */
function idOf(text: string): string | undefined {
	if (text === '') return undefined;
	try {
		const { record } = parseSigned(text) as { record?: { id?: unknown } };
		return typeof record?.id === 'string' ? record.id : undefined;
	} catch {
		return undefined; // not written by this hub
	}
}
