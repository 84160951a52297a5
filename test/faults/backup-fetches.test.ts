/** Fetches that are cut or spoiled at random places, end to end: none counts as a backup, and each says why. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { ManagerSettings } from '../../lab/odoo/stand-in/manager.ts';
import type { BackupPlan } from '../../lib/backup/backup-events.ts';
import { full, SEED, seeded } from '../seed.ts';
import { type BackupFiles, backupZip, zipContents } from '../unit/backup/proof-files.ts';
import { type BackupLab, backupLab } from './backup-lab.ts';

/** Each starts two threads. Every kind of fault has its turn with either count. */
const ROUNDS = full(200, 18);

/** Shorter than a test wants to wait for silence, longer than a busy machine is silent by itself; in ms. */
const IDLE_MS = 1_500;

interface Spoiled {
	/** In place of what the stand-in makes. */
	content?: Buffer;
	settings?: Partial<ManagerSettings>;
	plan?: Partial<BackupPlan>;
}

/** Refused for this reason, or stored and worth nothing more than that. */
type Outcome = RegExp | 'incomplete';

type Spoil = (random: () => number) => Spoiled;

const attachments = () => [
	{ content: randomBytes(60_000) },
	...Array.from({ length: 5 }, (_, index) => ({ content: Buffer.from(`scan ${index}`) })),
];
const files: BackupFiles = { attachments: attachments(), partners: 2_000 };
const whole = backupZip(files);
const contents = await zipContents(whole);

const END_RECORD_BYTES = 22;
const MARKER = '-- PostgreSQL database dump complete';
const PAGE = Buffer.from('<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>');
const BLOCK_BYTES = 4_096;

const below = (random: () => number, most: number) => Math.floor(random() * most);
/** At least one byte of it, never all. */
const somewhere = (random: () => number, bytes: Buffer = whole) => 1 + below(random, bytes.length - 1);

/** The first that another reader of zips finds to hold something else: a flipped time of an entry spoils nothing. */
async function spoiling(make: () => Buffer): Promise<Buffer> {
	for (;;) {
		const content = make();
		const read = await zipContents(content).catch(() => undefined);
		if (!read || JSON.stringify([...read]) !== JSON.stringify([...contents])) return content;
	}
}

function changed(at: number, bytes: Buffer): Buffer {
	const copy = Buffer.from(whole);
	bytes.copy(copy, at);
	return copy;
}

/** As many bytes as Odoo's zip has by itself, with what a faulty disk, line or program makes of it. */
const SPOILED_ZIP = /^BACKUP_SPOILED: /;
const CUT = /^(BACKUP_SPOILED|HTTP_UNREACHABLE|ODOO_UNREACHABLE): /;

const KINDS: [title: string, outcome: Outcome, spoil: Spoil | ((random: () => number) => Promise<Spoiled>)][] = [
	['the connection breaks', CUT, (random) => ({ settings: { breakAfter: somewhere(random) } })],
	['it ends too early, as if it were whole', SPOILED_ZIP, (random) => ({ settings: { cutAfter: somewhere(random) } })],
	['it is empty', SPOILED_ZIP, () => ({ settings: { cutAfter: 0 } })],
	[
		'it stops and stays silent',
		/^TIMEOUT: .* silent/,
		(random) => ({
			settings: { stallAfter: below(random, whole.length) },
			plan: { idleMs: IDLE_MS, firstByteMs: IDLE_MS },
		}),
	],
	[
		'a byte is another',
		SPOILED_ZIP,
		async (random) => ({
			content: await spoiling(() => {
				const at = below(random, whole.length);
				return changed(at, Buffer.from([whole.readUInt8(at) ^ (1 + below(random, 255))]));
			}),
		}),
	],
	[
		'a block is zeros',
		SPOILED_ZIP,
		(random) => ({ content: changed(below(random, whole.length - BLOCK_BYTES), Buffer.alloc(BLOCK_BYTES)) }),
	],
	[
		'a byte is missing',
		SPOILED_ZIP,
		(random) => {
			const at = below(random, whole.length);
			return { content: Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]) };
		},
	],
	[
		'a byte too many',
		SPOILED_ZIP,
		(random) => {
			const at = below(random, whole.length + 1);
			return { content: Buffer.concat([whole.subarray(0, at), randomBytes(1), whole.subarray(at)]) };
		},
	],
	[
		'a part is missing before the right end',
		SPOILED_ZIP,
		(random) => {
			const end = whole.length - END_RECORD_BYTES;
			const [from = 0, to = end] = [below(random, end), below(random, end)].toSorted((a, b) => a - b);
			return { content: Buffer.concat([whole.subarray(0, from), whole.subarray(to + 1)]) };
		},
	],
	['fewer bytes were announced than come', CUT, (random) => ({ settings: { announced: somewhere(random) } })],
	[
		'more bytes were announced than come',
		CUT,
		(random) => ({ settings: { announced: whole.length + 1 + below(random, 1_000) } }),
	],
	["Odoo's page in its place", /^ODOO_REFUSED: .*pg_dump/, () => ({ settings: { pgDumpFails: true } })],
	[
		"a proxy's page in its place or behind a part of it",
		/^(BACKUP_REFUSED|BACKUP_SPOILED): /,
		(random) => ({
			content: Buffer.concat([whole.subarray(0, Math.max(0, below(random, 2 * whole.length) - whole.length)), PAGE]),
		}),
	],
	[
		'the dump inside is cut',
		SPOILED_ZIP,
		(random) => ({
			content: backupZip({ ...files, dump: (text) => text.slice(0, below(random, text.lastIndexOf(MARKER))) }),
		}),
	],
	[
		"the dump's mark of its end is lost",
		SPOILED_ZIP,
		(random) => {
			const lost = MARKER.slice(0, below(random, MARKER.length));
			return { content: backupZip({ ...files, dump: (text) => text.replace(MARKER, lost) }) };
		},
	],
	[
		'the manifest is missing or none',
		SPOILED_ZIP,
		(random) => {
			const manifests = [null, '', '{}', 'null', '{"odoo_dump":"1"', '{"odoo_dump":"1"}', '{"version":"18.0"}'];
			return { content: backupZip({ ...files, manifest: manifests[below(random, manifests.length)] ?? null }) };
		},
	],
	[
		'an attachment is missing, all else is whole',
		'incomplete',
		(random) => {
			const all = attachments();
			const lost = below(random, all.length);
			const some = all.map((one, index) => (index === lost ? { ...one, absent: true } : one));
			return { content: backupZip({ ...files, attachments: some }) };
		},
	],
	[
		'an attachment has the content of another, all else is whole',
		'incomplete',
		(random) => {
			const all = attachments();
			const wrong = below(random, all.length);
			const some = all.map((one, index) => (index === wrong ? { ...one, instead: randomBytes(100) } : one));
			return { content: backupZip({ ...files, attachments: some }) };
		},
	],
];

/** Sends it, and says what became of it. */
async function fetchOf(lab: BackupLab, { content = whole, settings = {}, plan = {} }: Spoiled): Promise<string> {
	lab.odoo.databases.content = content;
	Object.assign(lab.odoo.settings, settings);
	const result = await lab.run(plan);
	lab.odoo.heal();
	if (result.outcome === 'failed') {
		const [last] = await lab.runs.list({ limit: 1 });
		const { code, message } = result.error;
		assert.deepEqual([last?.outcome, last?.reason, last?.reasonText], ['failed', code, message]);
		assert.deepEqual([lab.inSpool(), await lab.runs.unreleased()], [[], []]);
		return `${code}: ${message}`;
	}
	assert.equal(result.outcome, 'made');
	if (result.outcome !== 'made') return '';
	const { driveId } = await lab.upload(result.claim);
	const standing = (await lab.backupsInFolder()).find(({ file }) => file.id === driveId);
	return standing?.code ?? 'nothing';
}

test(`of ${ROUNDS} fetches that are cut or spoiled none counts as a backup, each with its reason`, async (t) => {
	t.diagnostic(`TEST_SEED=${SEED}`);
	const random = seeded();
	const lab = await backupLab(t);
	const reasons = new Map<string, number>();
	for (let round = 0; round < ROUNDS; round += 1) {
		const [title, expected, spoil] = KINDS[round % KINDS.length] ?? assert.fail();
		const outcome = await fetchOf(lab, await spoil(random));
		const why = `seed ${SEED}, round ${round}: ${title}`;
		if (typeof expected === 'string') assert.equal(outcome, expected, why);
		else assert.match(outcome, expected, why);
		const told = `${title} — ${outcome.replace(/[0-9a-f]{8,}|\d+/g, 'N').replace(/"[^"]*"/g, '"…"')}`;
		reasons.set(told, (reasons.get(told) ?? 0) + 1);
	}
	for (const [told, count] of [...reasons].toSorted()) t.diagnostic(`${count} × ${told}`);
	const counting = async () => (await lab.backupsInFolder()).filter(({ code }) => code === 'counts').length;
	t.diagnostic(`${ROUNDS} fetches, ${await counting()} count`);
	assert.equal(await counting(), 0);
	assert.equal(await fetchOf(lab, {}), 'counts', 'what is not spoiled counts');
	assert.equal(await counting(), 1);
	assert.deepEqual(lab.inSpool(), []);
});

test('a dump that is cut is none, and a whole one counts for nothing by itself', async (t) => {
	const random = seeded(SEED + 1);
	const lab = await backupLab(t);
	const dump = await lab.odoo.databases.backup('clinica', 'dump');
	const plan = { format: 'dump' } as const;
	for (let round = 0; round < full(20, 3); round += 1) {
		const at = below(random, dump.length);
		const outcome = await fetchOf(lab, { content: dump, settings: { cutAfter: at }, plan });
		assert.match(outcome, SPOILED_ZIP, `seed ${SEED}, ${at} of ${dump.length} bytes`);
	}
	assert.equal(await fetchOf(lab, { content: dump, plan }), 'databaseOnly');
});
