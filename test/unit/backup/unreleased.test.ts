/** What is sent on, given up and removed after a restart, by what the spool and the records say. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Aftercare } from '../../../lib/backup/aftercare.ts';
import type { ClaimCheck } from '../../../lib/backup/record.ts';
import type { BackupRuns, RunOutcome, RunView, Waiting } from '../../../lib/backup/runs.ts';
import { Spool } from '../../../lib/backup/spool.ts';
import { claimsToSend } from '../../../lib/backup/unreleased.ts';
import { silentLog } from '../../../lib/log.ts';

const TARGET = 'http://odoo.test clinica';

interface Lab {
	spool: Spool;
	/** Path of a file in the spool, or in a folder beside it. */
	at(name: string, folder?: string): string;
	/** A finished backup of a run. */
	put(id: string, file: string): Promise<void>;
	runs: Pick<BackupRuns, 'waiting' | 'spoolLost' | 'find' | 'recover'>;
	waiting: Waiting<ClaimCheck>[];
	known: Map<string, RunView>;
	lost: string[];
}

async function lab(t: TestContext): Promise<Lab> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-unreleased-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const spool = await Spool.open(path.join(directory, 'spool'));
	const [waiting, known, lost] = [[] as Waiting<ClaimCheck>[], new Map<string, RunView>(), [] as string[]];
	return {
		...{ spool, waiting, known, lost },
		at: (name, folder = 'spool') => path.join(directory, folder, name),
		async put(id, file) {
			await mkdir(path.dirname(file), { recursive: true });
			await writeFile(`${file}.json`, JSON.stringify({ record: { id } }));
			await writeFile(file, 'encrypted');
		},
		runs: {
			waiting: async <C>() => waiting as Waiting<unknown>[] as Waiting<C>[],
			spoolLost: async (id) => lost.push(id) > 0,
			find: async (id) => known.get(id),
			recover: async () => ({ again: [], running: [] }),
		},
	};
}

const waits = (id: string, file: string, here = true): Waiting<ClaimCheck> => ({
	...{ claim: { id, file, database: 'clinica' } as ClaimCheck, target: TARGET, here },
});
const runOf = (outcome: RunOutcome | null, releasedAt: number | null = null) => ({ outcome, releasedAt }) as RunView;
const look = ({ runs, spool }: Lab, tidy = true) => claimsToSend({ runs, spool, log: silentLog, tidy }, () => true);
const idsOf = (claims: ClaimCheck[]) => claims.map(({ id }) => id);

test('only a file that is gone from this spool, and was made on this machine, makes its backup none', async (t) => {
	const place = await lab(t);
	place.waiting.push(
		waits('here', place.at('a.zip')),
		waits('another-machine', place.at('b.zip'), false),
		// Its name begins like that of the spool; its disk is not there just now.
		waits('another-folder', place.at('c.zip', 'spool2')),
	);
	assert.deepEqual(await look(place, false), []);
	assert.deepEqual(place.lost, []);
	assert.deepEqual(await look(place), []);
	assert.deepEqual(place.lost, ['here']);
});

test('a backup that is finished while the spool is looked through is sent, not given up', async (t) => {
	const place = await lab(t);
	const file = place.at('new.zip');
	place.runs.waiting = async <C>() => {
		await place.put('new', file);
		return [waits('new', file)] as Waiting<unknown>[] as Waiting<C>[];
	};
	assert.deepEqual(idsOf(await look(place)), ['new']);
	assert.deepEqual(place.lost, []);
});

test('a backup in the folder that the spool was in before is sent', async (t) => {
	const place = await lab(t);
	const file = place.at('old.zip', 'spool-of-before');
	await place.put('old', file);
	place.waiting.push(waits('old', file));
	assert.deepEqual(idsOf(await look(place)), ['old']);
});

test('of the files in the spool only those are removed that no claim check stands for', async (t) => {
	const place = await lab(t);
	const outcomes: Record<string, RunView | undefined> = {
		goesOn: runOf(null),
		// Another hub sees the same folder under another path: its claim check names that.
		completeElsewhere: runOf('complete'),
		incompleteElsewhere: runOf('incomplete'),
		foreign: undefined,
		uploaded: runOf('complete', 1),
		failed: runOf('failed'),
		interrupted: runOf('interrupted'),
	};
	for (const [id, run] of Object.entries(outcomes)) {
		await place.put(id, place.at(`${id}.zip`));
		if (run) place.known.set(id, run);
	}
	place.waiting.push(waits('completeElsewhere', '/mnt/spool/completeElsewhere.zip', false));
	assert.deepEqual(await look(place), []);
	assert.deepEqual(
		Object.keys(outcomes).filter((id) => existsSync(place.at(`${id}.zip`))),
		['goesOn', 'completeElsewhere', 'incompleteElsewhere', 'foreign'],
	);
});

test('the spool is tidied when no own run goes on, and claim checks are sent in any case until all was told once', async (t) => {
	const place = await lab(t);
	const aftercare = new Aftercare({
		...{ plan: { source: 'manager', format: 'zip' }, isOurs: () => true, log: silentLog },
		...{ leaseMs: 1, resendMs: 60_000 },
	});
	const care = () => aftercare.look(place.runs as BackupRuns, place.spool);
	await place.put('failed', place.at('failed.zip'));
	place.known.set('failed', runOf('failed'));
	await place.put('made', place.at('made.zip'));
	place.waiting.push(waits('made', place.at('made.zip')));

	place.runs.recover = async () => ({ again: [], running: [{ target: TARGET } as RunView] });
	assert.deepEqual(idsOf((await care()).send), ['made']);
	aftercare.settle();
	assert.ok(existsSync(place.at('failed.zip')));

	// What was to be told then could not be: it comes again.
	place.runs.recover = async () => ({ again: [], running: [] });
	assert.deepEqual(idsOf((await care()).send), ['made']);
	assert.equal(existsSync(place.at('failed.zip')), false);
	assert.deepEqual(idsOf((await care()).send), ['made']);
	aftercare.told('made');
	aftercare.settle();
	assert.deepEqual((await care()).send, []);
	// Made by another hub since.
	await place.put('later', place.at('later.zip'));
	place.waiting.push(waits('later', place.at('later.zip')));
	assert.deepEqual((await care()).send, []);
});
