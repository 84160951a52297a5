/** What the spool and the records say of each other after a restart. */

import { readFile } from 'node:fs/promises';
import type { Log } from '../log.ts';
import type { ClaimCheck } from './record.ts';
import type { BackupRuns } from './runs.ts';
import { parseSigned } from './signature.ts';
import type { Spool, SpooledFile } from './spool.ts';

export interface Leftovers {
	runs: Pick<BackupRuns, 'unreleased' | 'spoolLost' | 'find'>;
	spool: Spool;
	log: Log;
	/** False: only claim checks whose file is there are looked for. Another hub's spool may have the same path elsewhere. */
	tidy: boolean;
}

const LOST =
	'The file was gone from the spool before it was uploaded. Make a new backup, and see who empties that folder.';

/**
 * The claim checks that are to be sent on again, oldest first. One whose file is gone is no backup any more; a file that no
 * claim check stands for any more is removed.
 * @param isOurs says whose target it is: each node sends its own
 */
export async function claimsToSend(
	{ runs, spool, log, tidy }: Leftovers,
	isOurs: (target: string) => boolean,
): Promise<ClaimCheck[]> {
	const waiting = new Map((await spool.finished()).map((spooled) => [spooled.file, spooled]));
	const claims: ClaimCheck[] = [];
	const ours = new Set((await runs.unreleased<ClaimCheck>(isOurs)).map(({ id }) => id));
	for (const claim of await runs.unreleased<ClaimCheck>()) {
		const present = waiting.delete(claim.file);
		if (!ours.has(claim.id)) continue;
		if (present) claims.push(claim);
		else if (tidy && claim.file.startsWith(spool.directory)) {
			log.warn(`The backup ${claim.id} of ${claim.database}: ${LOST}`);
			await runs.spoolLost(claim.id, LOST);
		}
	}
	for (const spooled of tidy ? waiting.values() : []) await removeForgotten({ runs, spool, log }, spooled);
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
	log.info(
		`Removed from the spool, for its run ${run.releasedAt === null ? 'was interrupted' : 'was uploaded'}: ${run.id}`,
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
