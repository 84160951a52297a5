/** A process that uploads and is killed: the file arrives once and whole. Backups meet the same in `test/faults`. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { full, SEED, seeded } from '../seed.ts';
import { type DriveServer, PATIENCE, startDrive } from '../servers/drive.ts';
import type { Orders } from './drive-upload-process.ts';

const UNIT = 256 * 1024;
/** Processes that are killed. */
const KILLS = full(20, 3);
/** Sent within a second for each kill that is to meet it. */
const UNITS = full(80, 24);

function verified({ drive, files }: DriveServer) {
	return files().filter(
		(item) => Object.values(item.appProperties)[0]?.['state'] === 'verified' && !drive.records.isTrashed(item),
	);
}

describe('a process that uploads', () => {
	it('that is killed again and again sends no acknowledged byte twice and leaves one verified file', async () => {
		await using server = await startDrive();
		const random = seeded();
		const parcel = await server.parcel(UNITS * UNIT + 17);
		const orders: Orders = {
			drive: {
				account: { kind: 'service-account', key: await readFile(server.google.keyFiles.uploader, 'utf8') },
				apiUrl: server.url,
				patience: PATIENCE,
			},
			parcel,
			bytesPerSecond: 5 * 1024 * 1024,
			chunkBytes: 4 * UNIT,
		};
		const file = path.join(server.directory, 'orders.json');
		await writeFile(file, JSON.stringify(orders));
		const start = () => {
			const main = path.join(import.meta.dirname, 'drive-upload-process.ts');
			const child = spawn(process.execPath, [main, file], { stdio: ['ignore', 'pipe', 'inherit'] });
			return { child, exited: once(child, 'exit') };
		};
		for (let kill = 0; kill < KILLS; kill += 1) {
			const { child, exited } = start();
			await once(child.stdout, 'data');
			await delay(random() * 300);
			child.kill('SIGKILL');
			await exited;
		}
		const begun = server.drive.uploads.received;
		const [code] = (await start().exited) as [number | null];
		const { received, sentTwice, opened } = server.drive.uploads;
		const why = `seed ${SEED}: ${begun} of ${parcel.size} bytes came before the last process, ${received} in all`;
		assert.equal(code, 0, why);
		assert.ok(begun > 0 && begun < parcel.size, why);
		assert.equal(sentTwice, 0, why);
		assert.equal(opened, 1, why);
		// What had come of a unit that was not whole is lost with the process, and only that.
		assert.ok(received <= parcel.size + KILLS * UNIT, why);
		const { id } = JSON.parse(await readFile(file, 'utf8')) as Orders;
		assert.deepEqual(
			server.files().map((item) => [item.id, item.sha256]),
			[[id, parcel.sha256]],
			why,
		);
		assert.deepEqual(verified(server).length, 1, why);
	});
});
