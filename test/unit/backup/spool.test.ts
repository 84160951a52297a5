import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import test, { afterEach, beforeEach } from 'node:test';
import { Spool, spoolFailure } from '../../../lib/backup/spool.ts';

let directory: string;
beforeEach(() => {
	directory = path.join(mkdtempSync(path.join(tmpdir(), 'clinic-hub-spool-')), 'spool');
});
afterEach(() => rmSync(path.dirname(directory), { recursive: true, force: true }));

const NAME = 'clinica_2026-11-24T03-00-00Z.zip.age';
const UUID = '0190aaaa-0000-7000-8000-000000000001';
/** Number of a process that has ended. */
const deadPid = () => Number(execFileSync('sh', ['-c', 'echo $$'], { encoding: 'utf8' }));
const put = (name: string, ageMs = 0) => {
	const file = path.join(directory, name);
	writeFileSync(file, 'x');
	const then = (Date.now() - ageMs) / 1_000;
	utimesSync(file, then, then);
};

test('a file appears under its name only with its record, and both go when it is released', async () => {
	const spool = await Spool.open(directory);
	const partial = spool.begin();
	writeFileSync(partial, 'encrypted');
	assert.deepEqual(await spool.finished(), []);
	const { file, record } = await spool.publish(partial, NAME, '{}');
	assert.deepEqual(readdirSync(directory).sort(), [NAME, `${NAME}.json`]);
	assert.deepEqual(await spool.finished(), [{ file, record }]);
	await spool.release(file);
	await spool.release(file);
	assert.deepEqual(readdirSync(directory), []);
});

test('the folder and what is written in it are for the hub’s account alone', async () => {
	const spool = await Spool.open(directory);
	assert.equal(statSync(directory).mode & 0o777, 0o700);
	const partial = spool.begin();
	writeFileSync(partial, 'x', { mode: 0o600 });
	const { record } = await spool.publish(partial, NAME, '{}');
	assert.equal(statSync(record).mode & 0o777, 0o600);
});

test('a finished file is never written over', async () => {
	const spool = await Spool.open(directory);
	for (const expected of [undefined, { code: 'SPOOL_UNAVAILABLE', message: /holds .* already/ }]) {
		const partial = spool.begin();
		writeFileSync(partial, 'x');
		if (expected) await assert.rejects(spool.publish(partial, NAME, '{}'), expected);
		else await spool.publish(partial, NAME, '{}');
		await spool.discard(partial);
	}
});

test('at the start the leavings of dead runs are removed, and nothing else', async () => {
	const spool = await Spool.open(directory);
	const live = spool.begin();
	writeFileSync(live, 'x');
	put(`.partial-${hostname()}-${deadPid()}-${UUID}`);
	put(`.partial-${hostname()}-${process.pid}-${UUID}`);
	put(`.partial-elsewhere-1-${UUID}`, 2 * 3_600_000);
	put('released.zip.age.json', 2 * 3_600_000);
	const kept = [
		`.partial-elsewhere-2-${UUID}`,
		`.partial-${hostname()}-1-${UUID}`,
		'new.zip.age.json',
		NAME,
		`${NAME}.json`,
	];
	for (const name of kept) put(name);
	await Spool.open(directory);
	assert.deepEqual(readdirSync(directory).sort(), [...kept, path.basename(live)].sort());
	await spool.discard(live);
});

test('too little space is said before anything is fetched', async () => {
	const spool = await Spool.open(directory);
	await spool.requireSpace(0);
	const free = await spool.freeBytes();
	await assert.rejects(spool.requireSpace(free), {
		code: 'SPOOL_FULL',
		message: /MiB free, and this backup needs about/,
	});
});

test('nothing outside of the spool is removed or named', async () => {
	const spool = await Spool.open(directory);
	const outside = path.join(path.dirname(directory), 'other');
	writeFileSync(outside, 'x');
	await assert.rejects(spool.release(outside), { code: 'SPOOL_UNAVAILABLE' });
	await assert.rejects(spool.release(path.join(directory, '..', 'other')), { code: 'SPOOL_UNAVAILABLE' });
	await assert.rejects(spool.publish(spool.begin(), '../x', '{}'), { code: 'INTERNAL' });
	assert.ok(statSync(outside));
});

test('a full disk and a folder that cannot be used are told apart', () => {
	assert.equal(spoolFailure(Object.assign(new Error(), { code: 'ENOSPC' })).code, 'SPOOL_FULL');
	assert.equal(spoolFailure(Object.assign(new Error(), { code: 'EACCES' })).code, 'SPOOL_UNAVAILABLE');
});
