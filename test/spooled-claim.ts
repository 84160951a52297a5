/** A finished backup as `odoo-backup` leaves it: in the spool, with its record, known to the store. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClaimCheck } from '../lib/backup/record.ts';
import type { BackupRuns } from '../lib/backup/runs.ts';

const AT = '2026-11-24T03:00:00.000Z';

/** @param size in bytes, of random content */
export async function spooledClaim(
	runs: BackupRuns,
	{ spool, size, name = 'clinica_2026-11-24T03-00-00Z.zip.age' }: { spool: string; size: number; name?: string },
): Promise<ClaimCheck> {
	await mkdir(spool, { recursive: true });
	const content = randomBytes(size);
	const sha256 = createHash('sha256').update(content).digest('hex');
	const asked = { target: 'odoo clinica', database: 'clinica', source: 'manager', format: 'zip' } as const;
	const begun = await runs.begin({ ...asked, trigger: 'hand' });
	assert.ok('run' in begun);
	const { id } = begun.run;
	const file = path.join(spool, name);
	await writeFile(file, content);
	await writeFile(`${file}.json`, JSON.stringify({ record: { id }, signature: 'x' }));
	const claim: ClaimCheck = {
		...{ id, database: 'clinica', databaseUuid: 'db-1', format: 'zip', source: 'manager' },
		...{ file, size, sha256, plainSize: size, plainSha256: sha256, startedAt: AT, finishedAt: AT },
		...{ complete: true, late: [], missing: [], record: `${file}.json` },
	};
	await begun.run.finish(claim);
	return claim;
}
