/** A process that backs up and uploads, killed at chosen moments: in the end each run has left one verified file, and nothing else. */
import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Fault, Operation } from '../../lab/drive/faults.ts';
import type { Arrival } from '../../lab/drive/uploads.ts';
import type { ClaimCheck } from '../../lib/backup/record.ts';
import { until } from '../mail-lab.ts';
import { full, SEED, seeded } from '../seed.ts';
import { backupZip } from '../unit/backup/proof-files.ts';
import { type BackupLab, backupLab } from './backup-lab.ts';
import type { BackupProcessEvent, BackupProcessOptions } from './backup-process.ts';

const KILLS = full(20, 4);
/** Of them, at least so many in a fetch, and so many in an upload. */
const SHARE = { fetch: KILLS / 4, upload: KILLS / 2 };
/** Beside them, so many may come when all is done: a busy machine looks too late now and then. */
const MOST_LATE = KILLS / 2;

/** So much is fetched and sent within a second: enough moments, few seconds. */
const SIZE = 3_000_000;
const BYTES_PER_SECOND = 4_000_000;
const CHUNK_BYTES = 256 * 1024;

/** Waited for after a kill in a fetch; longer than a busy machine holds up a process that lives. In ms. */
const LEASE_MS = full(5_000, 2_500);

const WAIT_MS = 120_000;

class BackupProcess {
	readonly events: BackupProcessEvent[] = [];
	readonly #child: ChildProcess;

	constructor(t: TestContext, options: BackupProcessOptions) {
		this.#child = fork(path.join(import.meta.dirname, 'backup-process.ts'), [JSON.stringify(options)], {
			stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		});
		this.#child.on('message', (event: BackupProcessEvent) => this.events.push(event));
		t.after(() => this.kill());
	}

	run(): void {
		this.#child.send('run');
	}

	/** SIGKILL at this very moment; resolves when the process is gone. */
	async kill(): Promise<void> {
		if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
		const exited = once(this.#child, 'exit');
		this.#child.kill('SIGKILL');
		await exited;
	}

	count(kind: BackupProcessEvent['kind']): number {
		return this.events.filter((event) => event.kind === kind).length;
	}
}

type Phase = 'fetch' | 'upload' | 'late';

/** What a process that is gone was at, by what the store knows of its run. */
async function phaseOf({ runs }: BackupLab): Promise<Phase> {
	const [newest] = await runs.list({ limit: 1 });
	if (newest?.outcome === null) return 'fetch';
	return newest?.releasedAt === null ? 'upload' : 'late';
}

/** When a process is killed. */
interface Moment {
	title: string;
	/** Prepares it; the function given says whether it has come. */
	begin(lab: BackupLab, random: () => number): () => boolean;
}

/** Bytes that lie in the spool while it is fetched. */
function partialBytes({ spool, inSpool }: BackupLab): number {
	const names = inSpool().filter((name) => name.startsWith('.partial-'));
	return Math.max(0, ...names.map((name) => statSync(path.join(spool, name), { throwIfNoEntry: false })?.size ?? 0));
}

const FETCH: Moment[] = [
	{
		title: 'while Odoo packs',
		begin({ odoo: { settings } }) {
			settings.firstByteMs = 10_000;
			const { calls } = settings;
			return () => settings.calls > calls;
		},
	},
	{
		title: 'while it is received',
		begin(lab, random) {
			const share = random();
			return () => partialBytes(lab) > share * SIZE;
		},
	},
	{
		title: 'when it was received',
		begin: (lab) => () => partialBytes(lab) >= SIZE,
	},
];

const stateOf = ({ appProperties }: { appProperties: Record<string, Record<string, string>> }) =>
	Object.values(appProperties)[0] ?? {};

/** The record of the backup that is on its way lies in Drive: what is called next is about the backup itself. */
function recordBrought({ drive }: BackupLab): boolean {
	const verified = drive
		.files()
		.map(stateOf)
		.filter(({ state }) => state === 'verified');
	return (
		verified.filter(({ kind }) => kind === 'record').length > verified.filter(({ kind }) => kind === 'backup').length
	);
}

/** Drive has had a fault of that kind at such a call, of the record or of the backup, since. */
function atFault(what: 'record' | 'backup', operation: Operation, fault: Fault): Moment['begin'] {
	return (lab) => {
		const { faults } = lab.drive.drive;
		const { length } = faults.happened;
		let planned = false;
		return () => {
			if (!planned && (what === 'record' || recordBrought(lab))) {
				faults.add(operation, fault);
				planned = true;
			}
			return faults.happened.length > length;
		};
	};
}

const sending: Moment = {
	title: 'while it is sent',
	begin(lab, random) {
		const { uploads } = lab.drive.drive;
		const share = 0.2 + 0.7 * random();
		let goal = Number.POSITIVE_INFINITY;
		return () => {
			const { received } = uploads;
			if (goal === Number.POSITIVE_INFINITY && recordBrought(lab)) {
				const name = uploads.arrivals.at(-1)?.name ?? '';
				const kept = Math.max(0, ...uploads.arrivals.filter((one) => one.name === name).map(({ told }) => told));
				goal = received + share * (SIZE - (name.endsWith('.json') ? 0 : kept));
			}
			return received > goal;
		};
	},
};

/** In the order in which they come. */
const UPLOAD: Moment[] = [
	{ title: "when the record's session was opened", begin: atFault('record', 'session', { kind: 'lost' }) },
	{ title: "when the record's last answer was lost", begin: atFault('record', 'last', { kind: 'lost' }) },
	{ title: 'before the record is marked', begin: atFault('record', 'change', { kind: 'silent' }) },
	{ title: 'when its session was opened', begin: atFault('backup', 'session', { kind: 'lost' }) },
	sending,
	{ title: 'when its last answer was lost', begin: atFault('backup', 'last', { kind: 'lost' }) },
	{ title: 'before it is marked as verified', begin: atFault('backup', 'change', { kind: 'silent' }) },
	{ title: 'when it was marked as verified', begin: atFault('backup', 'change', { kind: 'lost' }) },
];

/** Bytes that came again although Drive had said that it keeps them, in whichever session. */
function sentAgain(arrivals: readonly Arrival[]): number {
	const acknowledged = new Map<string, number>();
	let again = 0;
	for (const { name, start, end, told } of arrivals) {
		const known = Math.max(acknowledged.get(name) ?? 0, told);
		acknowledged.set(name, known);
		again += Math.max(0, Math.min(known, end) - start);
	}
	return again;
}

/** What is in Drive is one backup and one record of each run that ended well, whole and verified, and nothing else. */
async function assertOneFileEach(lab: BackupLab, why: string): Promise<void> {
	const runs = await lab.runs.list();
	const good = runs.filter(({ outcome }) => outcome === 'complete');
	assert.deepEqual(
		runs.filter(({ outcome }) => outcome !== 'complete').map(({ outcome }) => outcome),
		runs.filter(({ outcome }) => outcome !== 'complete').map(() => 'interrupted'),
		why,
	);
	assert.ok(
		good.every(({ releasedAt }) => releasedAt !== null),
		why,
	);
	const wanted = good.flatMap(({ id }) => [`${id} backup verified`, `${id} record verified`]);
	const found = lab.drive.files().map(({ appProperties, trashed }) => {
		const { backup, kind, state } = stateOf({ appProperties });
		return `${backup} ${kind} ${state}${trashed ? ' trashed' : ''}`;
	});
	assert.deepEqual(found.toSorted(), wanted.toSorted(), why);
	// Drive's own checksum of each is the signed one.
	const counting = (await lab.backupsInFolder()).filter(({ code }) => code === 'counts');
	assert.deepEqual(counting.map(({ signed }) => signed?.id).toSorted(), good.map(({ id }) => id).toSorted(), why);
	assert.deepEqual([lab.inSpool(), await lab.runs.unreleased<ClaimCheck>()], [[], []], why);
}

test(`${KILLS} kills over fetch and upload: one verified file a run, no confirmed byte sent twice, nothing left over`, async (t) => {
	t.diagnostic(`TEST_SEED=${SEED}`);
	const random = seeded();
	const pick = (moments: readonly Moment[]) => moments[Math.floor(random() * moments.length)] ?? assert.fail();
	const lab = await backupLab(t);
	const attachments = Array.from({ length: 3 }, () => ({ content: randomBytes(SIZE / 3) }));
	lab.odoo.databases.content = backupZip({ attachments, partners: 200 });
	const { drive, odoo, keys, directory } = lab;
	const options: BackupProcessOptions = {
		...{ directory, keys, odooUrl: odoo.url, leaseMs: LEASE_MS },
		drive: { url: drive.url, keyFile: drive.google.keyFiles.uploader, folderId: drive.google.folderId },
		...{ bytesPerSecond: BYTES_PER_SECOND, chunkBytes: CHUNK_BYTES },
	};
	let hub = new BackupProcess(t, options);
	const done: string[] = [];
	const phases: Record<Phase, number> = { fetch: 0, upload: 0, late: 0 };
	const killAt = async ({ title, begin }: Moment, before: () => void = () => {}) => {
		const come = begin(lab, random);
		before();
		// What an earlier process has done already does not come again.
		const uploaded = hub.count('uploaded');
		const over = () => hub.count('uploaded') > uploaded;
		await until(`${title}, ${JSON.stringify([done, hub.events])}`, () => come() || over(), WAIT_MS);
		await hub.kill();
		const phase = await phaseOf(lab);
		phases[phase] += 1;
		if (phase !== 'late') done.push(`${title} (${phase})`);
		odoo.settings.firstByteMs = 0;
		drive.drive.faults.clear();
		hub = new BackupProcess(t, options);
		return phase !== 'late';
	};
	for (let round = 0; done.length < KILLS; round += 1) {
		let begun = false;
		const run = () => {
			if (!begun) hub.run();
			begun = true;
		};
		assert.ok(phases.late <= MOST_LATE, `seed ${SEED}: ${JSON.stringify(phases)}, ${done.join('; ')}`);
		// A fetch that is interrupted is begun again once, so it is killed once; an upload goes on as often as it must.
		const interrupted = await killAt(pick(FETCH), run);
		// In the middle of what is sent, and up to two moments beside it.
		const beside = new Set(Array.from({ length: round % 3 }, () => pick(UPLOAD)));
		for (const moment of UPLOAD.filter((one) => interrupted && (one === sending || beside.has(one)))) {
			if (done.length === KILLS || !(await killAt(moment, run))) break;
		}
		const why = `seed ${SEED}, kills: ${done.join(', ')}`;
		const settled = async () => {
			const [newest] = await lab.runs.list({ limit: 1 });
			return newest?.outcome === 'complete' && newest.releasedAt !== null && lab.inSpool().length === 0;
		};
		await until(`the end of round ${round}; ${why}`, settled, WAIT_MS);
		await assertOneFileEach(lab, why);
	}
	const runs = await lab.runs.list();
	const { arrivals, received, sentTwice } = drive.drive.uploads;
	const complete = runs.filter(({ outcome }) => outcome === 'complete');
	const figures = [
		`${done.length} kills (${done.join('; ')}), and ${phases.late} when all was done`,
		`${complete.length} runs complete, ${runs.length - complete.length} interrupted and begun again`,
		`${drive.files().length} files in Drive, ${received} bytes received, ${sentAgain(arrivals)} of them again`,
	];
	for (const figure of figures) t.diagnostic(figure);
	assert.deepEqual([sentAgain(arrivals), sentTwice], [0, 0]);
	const shares = `seed ${SEED}: ${JSON.stringify(phases)}`;
	assert.ok(phases.fetch >= SHARE.fetch && phases.upload >= SHARE.upload && phases.late <= MOST_LATE, shares);
});
