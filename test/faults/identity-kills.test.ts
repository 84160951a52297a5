/** The process that applies 500 changes ends at any point; the next one brings them to the right end. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { full, SEED, seeded } from '../seed.ts';
import { KillClinic, person } from './identity-clinic.ts';

const KILLS = full(20, 3);
/** Between the effect at which the process ends and its end: from before Odoo's answer to after the note of it, in ms. */
const LATE_MS = 20;
const TAKEN_OVER = /^(LEASE_LOST|ODOO_REFUSED)$/;

for (const addon of [true, false]) {
	const place = addon ? 'with the addon' : 'without it';
	test(`${KILLS} kills during an apply of 500 changes, Odoo ${place}: all are done, and none twice`, async (t) => {
		t.diagnostic(`TEST_SEED=${SEED}`);
		const random = seeded();
		for (let kill = 0; kill < KILLS; kill += 1) {
			const clinic = await KillClinic.start(t, { addon });
			clinic.changeEverybody();
			const { effects } = clinic.odoo.identity.users;
			const at = Math.floor(((kill + random()) * 500) / KILLS);
			const late = random() * LATE_MS;
			const what = `killed at effect ${at} and ${late.toFixed(0)} ms`;
			const { child, ended } = clinic.run();
			effects.push = killAt(effects, at, () => void setTimeout(() => child.kill('SIGKILL'), late));
			assert.equal(await ended, null, `${what}: it was to be killed`);
			const before = effects.length;
			t.diagnostic(`${what}: ${before} effects before the end`);
			// The lease of the killed process still counts, unless this one took longer to start.
			if ((await clinic.run().ended) === 'busy') {
				clinic.endLease();
				assert.equal(await clinic.run().ended, 'done', what);
			}
			clinic.check(what);
		}
	});
}

/** An array's `push` that tells when it holds so many. */
function killAt(list: string[], count: number, kill: () => void): (...items: string[]) => number {
	let told = false;
	return (...items) => {
		const length = Array.prototype.push.apply(list, items);
		if (length > count && !told) {
			told = true;
			kill();
		}
		return length;
	};
}

test('of two processes at once one does the work, and the other does nothing', async (t) => {
	const clinic = await KillClinic.start(t, { addon: true });
	clinic.changeEverybody();
	const both = [clinic.run(), clinic.run()];
	const outcomes = await Promise.all(both.map(({ ended }) => ended));
	// Whoever comes when the other one has ended finds nothing to do.
	assert.ok(outcomes.includes('done'), outcomes.join());
	assert.ok(
		outcomes.every((outcome) => outcome === 'done' || outcome === 'busy'),
		outcomes.join(),
	);
	clinic.check('two at once');
});

test('what a process sent before it was taken over is refused when it arrives later', async (t) => {
	const clinic = await KillClinic.start(t, { addon: true });
	clinic.changeEverybody();
	const gate = await startGate(t, clinic.odoo.url);
	const slow = clinic.run({ url: gate.url });
	await gate.held;
	clinic.endLease();
	// One who was to be suspended is back meanwhile; the other process knows, the slow one does not.
	clinic.realm(Array.from({ length: 375 }, (_, index) => person(index)));
	assert.equal(await clinic.run().ended, 'done');
	const { users } = clinic.odoo.identity;
	const before = users.effects.length;
	gate.open();
	assert.match(String(await slow.ended), TAKEN_OVER);
	assert.equal(users.effects.length, before, 'no late effect');
	assert.ok([...users.all.values()].every(({ suspended }) => !suspended));
});

test('a process that stood still while another one took over does nothing more', async (t) => {
	const clinic = await KillClinic.start(t, { addon: false });
	clinic.changeEverybody();
	const { effects } = clinic.odoo.identity.users;
	const slow = clinic.run();
	effects.push = killAt(effects, 100, () => slow.child.kill('SIGSTOP'));
	while (effects.length <= 100) await delay(10);
	await delay(200);
	clinic.endLease();
	assert.equal(await clinic.run().ended, 'done');
	const before = effects.length;
	slow.child.kill('SIGCONT');
	assert.match(String(await slow.ended), TAKEN_OVER);
	assert.equal(effects.length, before, 'no late effect');
	clinic.check('stood still');
});

/** In front of Odoo: the first call that changes something waits until the gate opens. */
async function startGate(t: TestContext, target: string) {
	const held = Promise.withResolvers<void>();
	const opened = Promise.withResolvers<void>();
	const server = createServer(async (request, response) => {
		const body = await text(request);
		if (body.includes('"apply_lines"')) {
			held.resolve();
			await opened.promise;
		}
		const headers = { 'content-type': 'application/json' };
		const answer = await fetch(`${target}${request.url}`, { method: 'POST', headers, body });
		response.writeHead(answer.status, headers).end(await answer.text());
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	t.after(() => {
		server.close();
		server.closeAllConnections();
	});
	const { port } = server.address() as AddressInfo;
	return { url: `http://127.0.0.1:${port}`, held: held.promise, open: () => opened.resolve() };
}
