/** Faults of Google Drive, each alone and in random mixtures: a backup arrives whole, or the error names what to do and it arrives later. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Fault, Happened, Operation } from '../../lab/drive/faults.ts';
import type { BackupEvent } from '../../lib/backup/backup-events.ts';
import { OutgoingFiles } from '../../lib/backup/outgoing.ts';
import type { ClaimCheck } from '../../lib/backup/record.ts';
import type { DriveClient } from '../../lib/drive/client.ts';
import { downloadFile } from '../../lib/drive/download.ts';
import { getFile } from '../../lib/drive/files.ts';
import { HubError } from '../../lib/errors.ts';
import { Uploader } from '../../nodes/drive-upload/uploader.ts';
import { until } from '../mail-lab.ts';
import { FULL, full, SEED, seeded } from '../seed.ts';
import { PATIENCE } from '../servers/drive.ts';
import { spooledClaim } from '../spooled-claim.ts';
import { properties, sha256 } from './backup-folder.ts';
import { type BackupLab, BY_HAND, backupLab, DATABASE } from './backup-lab.ts';
import { SURVIVABLE, seededFaults } from './drive-survivable.ts';

const MIXTURES = full(300, 12);
/** Of the faults that a person must end; all of them with the full counts. */
const ALONE = full(Number.POSITIVE_INFINITY, 40);

const UNIT = 256 * 1024;

/** Longer than a busy machine is silent by itself. In ms. */
const SILENCE_MS = full(1_000, 700);

/** Those that a mixture holds at most; a client that bears one more comes through. */
const MOST = 25;

const refused = (reason: string, status = 403): Fault => ({ kind: 'status', status, reason });

/** Beside those that the client must survive by itself. */
const OTHERS: [Fault, Operation[]][] = [
	[{ kind: 'status', status: 504 }, ['token', 'list', 'change', 'session', 'chunk', 'last']],
	[{ kind: 'status', status: 408 }, ['list', 'session', 'chunk']],
	[{ kind: 'status', status: 429, retryAfter: 0 }, ['session', 'chunk', 'last', 'change']],
	[{ kind: 'silent' }, ['token', 'list', 'change', 'session', 'chunk', 'last', 'ask']],
	[{ kind: 'spoil' }, ['chunk', 'last']],
	...['storageQuotaExceeded', 'teamDriveFileLimitExceeded', 'numChildrenInNonRootLimitExceeded'].map(
		(reason): [Fault, Operation[]] => [refused(reason), ['session', 'chunk', 'last']],
	),
	...['insufficientFilePermissions', 'forbidden', 'teamDriveMembershipRequired', 'insufficientPermissions'].map(
		(reason): [Fault, Operation[]] => [refused(reason), ['list', 'session', 'last', 'change']],
	),
	...['accessNotConfigured', 'domainPolicy', 'neverHeardOf'].map((reason): [Fault, Operation[]] => [
		refused(reason),
		['list', 'session', 'change'],
	]),
	[refused('badRequest', 400), ['list', 'session', 'chunk', 'last', 'change']],
	[refused('notFound', 404), ['list', 'session', 'chunk', 'last', 'change']],
	[refused('invalid_grant', 400), ['token']],
	[refused('invalid_client', 401), ['token']],
];

/** What a person can do, in the words of the errors. */
const WHAT_TO_DO =
	/\b(Free some|Remove some|Use another one|Ask (its|a) |Add it there|Connect Google Drive again|click “Connect”|Switch it on|Make a new one|Compare client id|Check the|Try again later|Look for it in the browser|Test the connection)/;

interface Place extends BackupLab {
	/** A backup that waits in the spool, of so many random bytes. */
	spooled(size: number): Promise<ClaimCheck>;
	patient: DriveClient;
}

async function prepared(t: TestContext): Promise<Place> {
	const lab = await backupLab(t);
	let count = 0;
	return {
		...lab,
		patient: await lab.drive.service('uploader', {
			patience: { ...PATIENCE, failures: MOST + 1 },
			...{ idleMs: SILENCE_MS, callMs: SILENCE_MS },
		}),
		spooled(size) {
			count += 1;
			const name = `${DATABASE}_${String(count).padStart(6, '0')}.zip.age`;
			return spooledClaim(lab.runs, { spool: lab.spool, size, name });
		},
	};
}

/** Whole and once: by the bytes that lie there, not by what anybody says of them. */
async function assertArrived(place: Place, claim: ClaimCheck, why: string): Promise<void> {
	const { drive, inSpool, runs } = place;
	const { records, uploads } = drive.drive;
	const its = drive.files().filter((item) => properties(item)['backup'] === claim.id && !item.trashed);
	const states = its.map((item) => `${properties(item)['kind']} ${properties(item)['state']}`);
	const good = states.filter((state) => !state.endsWith(' rejected'));
	assert.deepEqual(good.toSorted(), ['backup verified', 'record verified'], why);
	const [file] = its.filter(
		(item) => properties(item)['kind'] === 'backup' && properties(item)['state'] === 'verified',
	);
	assert.equal(sha256(await readFile(records.contentFile(file?.id ?? ''))), claim.sha256, why);
	assert.equal(uploads.sentTwice, 0, why);
	assert.deepEqual([inSpool(), await runs.unreleased()], [[], []], why);
}

/** Brings it, or is told what to do. The spool is untouched then, and without faults it arrives. */
async function bring(place: Place, claim: ClaimCheck, why: string): Promise<'arrived' | string> {
	const { drive, inSpool, patient } = place;
	const tools = { open: async () => ({ client: patient, folderId: drive.google.folderId }) };
	try {
		await place.upload(claim, tools);
	} catch (thrown) {
		assert.ok(thrown instanceof HubError, `${why}: ${thrown}`);
		assert.match(thrown.code, /^DRIVE_/, why);
		assert.match(thrown.message, WHAT_TO_DO, why);
		assert.equal(inSpool().length, 2, why);
		drive.drive.faults.clear();
		await place.upload(claim, tools);
		await assertArrived(place, claim, why);
		return `${thrown.code}: ${thrown.message}`;
	}
	drive.drive.faults.clear();
	await assertArrived(place, claim, why);
	return 'arrived';
}

/** All pairs, in an order drawn by the seed. */
function pairs(list: readonly [Fault, Operation[]][], random: () => number): [Fault, Operation][] {
	const all = list.flatMap(([fault, operations]) =>
		operations.map((operation): [Fault, Operation, number] => [fault, operation, random()]),
	);
	return all.toSorted((one, other) => one[2] - other[2]).map(([fault, operation]) => [fault, operation]);
}

test('each fault of Drive alone: the backup arrives whole, or the error names what to do and it arrives later', async (t) => {
	t.diagnostic(`TEST_SEED=${SEED}`);
	const place = await prepared(t);
	const { faults } = place.drive.drive;
	const random = seeded();
	const outcomes = new Map<string, number>();
	const survivable = pairs(SURVIVABLE, random).filter(([, operation]) => operation !== 'media' && operation !== 'get');
	const others = pairs(OTHERS, random);
	const chosen = FULL ? [...survivable, ...others] : [...survivable.slice(0, ALONE / 2), ...others.slice(0, ALONE / 2)];
	for (const [fault, operation] of chosen) {
		const why = `seed ${SEED}: ${operation} ${JSON.stringify(fault)}`;
		const claim = await place.spooled(2 * UNIT + Math.floor(random() * UNIT));
		if (operation === 'token') place.patient.dropToken();
		// Only a doubt asks: without one that kind of call does not happen.
		if (operation === 'ask') faults.add('chunk', { kind: 'cut' });
		faults.add(operation, fault);
		const before = faults.happened.length;
		const outcome = await bring(place, claim, why);
		assert.ok(
			faults.happened.slice(before).some((happened) => happened.operation === operation),
			`${why} did not happen`,
		);
		if (survivable.some(([known, at]) => known === fault && at === operation)) assert.equal(outcome, 'arrived', why);
		outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
	}
	for (const [outcome, count] of outcomes) t.diagnostic(`${count} × ${outcome}`);
	t.diagnostic(`${chosen.length} faults alone, all arrived in the end`);
});

const named = ({ operation, fault }: Happened) => `${operation} ${JSON.stringify(fault)}`;

test(`${MIXTURES} random mixtures of faults: each backup arrives whole, up and down, or the error names what to do and it arrives later`, async (t) => {
	t.diagnostic(`TEST_SEED=${SEED}`);
	const place = await prepared(t);
	const { drive, patient } = place;
	const { faults } = drive.drive;
	const outcomes = new Map<string, number>();
	const seen = new Set<string>();
	let happened = 0;
	for (let round = 0; round < MIXTURES; round += 1) {
		const random = seeded(SEED + round);
		const claim = await place.spooled(Math.floor(random() * 8 * UNIT));
		const bearable = seededFaults(SEED + round, 0.3, MOST);
		const others = pairs(OTHERS, random);
		const before = faults.happened.length;
		// Every other mixture also holds what a person must end.
		const drawn: Happened[] = [];
		const noted = (operation: Operation, fault: Fault | undefined) => {
			if (fault) drawn.push({ operation, fault });
			return fault;
		};
		faults.random = (operation) => {
			const other = round % 2 === 1 && random() < 0.05;
			return noted(operation, other ? others.find(([, at]) => at === operation)?.[0] : bearable(operation));
		};
		const why = `seed ${SEED}, mixture ${round}`;
		const outcome = await bring(place, claim, why);
		const its = drive.files().find((item) => {
			const { backup, kind, state } = properties(item);
			return backup === claim.id && kind === 'backup' && state === 'verified';
		});
		const again = seededFaults(SEED + round, 0.3, MOST);
		faults.random = (operation) => noted(operation, again(operation));
		const target = path.join(place.directory, 'downloaded');
		await downloadFile(patient, await getFile(patient, its?.id ?? ''), target);
		faults.clear();
		assert.deepEqual(faults.happened.slice(before).map(named).toSorted(), drawn.map(named).toSorted(), why);
		for (const fault of drawn.map(named)) seen.add(fault);
		happened += drawn.length;
		assert.equal(sha256(await readFile(target)), claim.sha256, why);
		if (round % 2 === 0) assert.equal(outcome, 'arrived', why);
		outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
	}
	for (const [outcome, count] of outcomes) t.diagnostic(`${count} × ${outcome}`);
	t.diagnostic(`${MIXTURES} mixtures, ${happened} faults of ${seen.size} kinds, all arrived in the end`);
	assert.ok(happened >= 2 * MIXTURES && seen.size >= 12, `seed ${SEED}: ${happened} faults of ${seen.size} kinds`);
});

/** Between two attempts. In ms. */
const RESEND_MS = 300;

test('a backup whose upload failed goes on by itself, as soon as what kept it is gone, and once', async (t) => {
	const place = await prepared(t);
	const { faults } = place.drive.drive;
	faults.random = (operation) => (operation === 'session' ? refused('storageQuotaExceeded') : undefined);
	const uploader = new Uploader({
		tools: { ...place.tools, open: async () => ({ client: place.patient, folderId: place.drive.google.folderId }) },
		outgoing: () => OutgoingFiles.open(place.store, 'upload', path.join(place.directory, 'outgoing')),
		closing: new AbortController().signal,
		...{ onStatus() {}, onProgress() {}, onEnd() {}, onResumed() {} },
	});
	const ends: (string | undefined)[] = [];
	const onEvent = (event: BackupEvent) => {
		if (event.kind !== 'made') return;
		uploader.bring({ kind: 'backup', claim: event.claim }).then(
			(uploaded) => uploaded && ends.push('uploaded'),
			(thrown: HubError) => ends.push(thrown.code),
		);
	};
	const backups = await place.backups({}, { onEvent, resendMs: RESEND_MS });
	backups.start();
	const [made] = await backups.run(BY_HAND);
	assert.ok(made?.outcome === 'made');
	await until('the second attempt', () => ends.length === 2);
	assert.deepEqual(ends, ['DRIVE_FULL', 'DRIVE_FULL']);
	assert.equal(place.inSpool().length, 2);
	faults.clear();
	await until('the upload', () => ends.includes('uploaded'));
	await assertArrived(place, made.claim, 'after two failures');
	await backups.close();
	// What has arrived is told to nobody again.
	const later = await place.backups({}, { resendMs: RESEND_MS });
	later.start();
	await until('two looks', async () => later.state.last.length > 0);
	await later.close();
	assert.deepEqual(
		[ends.filter((end) => end === 'uploaded').length, place.events.filter(({ kind }) => kind === 'made')],
		[1, []],
	);
});
