import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { Finding } from '../../../lib/backup/alarm.ts';
import type { Told } from '../../../lib/backup/alarm-memory.ts';
import type { AlarmAnswer } from '../../../lib/backup/alarm-run.ts';
import { AlarmWatch, type WatchOptions } from '../../../lib/backup/alarm-watch.ts';
import { HubError } from '../../../lib/errors.ts';
import { startHttp } from '../../servers/http.ts';

const HOUR_MS = 3_600_000;
const OLD: Finding = { code: 'tooOld', severity: 'critical', database: 'a', parameters: { hours: 30, limit: 26 } };

const answer = (findings: Finding[]): AlarmAnswer => ({
	checkedAt: Date.now(),
	findings,
	databases: [],
	space: undefined,
});

/** A watch on made-up answers, with what it said. */
function watchOn(t: TestContext, options: Partial<WatchOptions> = {}) {
	const said: string[] = [];
	let findings: Finding[] = [];
	let told: Told | undefined;
	const note = (text: string) => void said.push(text);
	const watch = new AlarmWatch({
		ask: async () => answer(findings),
		memory: {
			load: async () => told,
			save: async (next) => {
				told = next;
			},
		},
		signs: {},
		everyMs: 0,
		log: { debug: note, info: note, warn: note, error: note },
		onAsking: () => note('asking'),
		onState: ({ signs }) => note(`state ${signs.backup} ${signs.drill}`),
		onTell: (kind) => note(kind),
		...options,
	});
	t.after(() => watch.close());
	return {
		watch,
		said,
		find(found: Finding[]) {
			findings = found;
		},
	};
}

test('it asks by itself, soon after its start and then at every interval', async (t) => {
	t.mock.timers.enable({ apis: ['setTimeout'] });
	let asked = 0;
	const ask = async () => {
		asked += 1;
		return answer([]);
	};
	watchOn(t, { ask, everyMs: HOUR_MS });
	const settle = async () => {
		for (let turns = 0; turns < 20; turns += 1) await turn();
	};
	t.mock.timers.tick(14_999);
	await settle();
	assert.equal(asked, 0);
	t.mock.timers.tick(1);
	await settle();
	assert.equal(asked, 1);
	t.mock.timers.tick(HOUR_MS);
	await settle();
	assert.equal(asked, 2);
	t.mock.timers.tick(HOUR_MS);
	await settle();
	assert.equal(asked, 3);
});

test('a question that fails by a bug does not end the questions', async (t) => {
	t.mock.timers.enable({ apis: ['setTimeout'] });
	let asked = 0;
	const ask = async () => {
		asked += 1;
		throw new Error('a bug');
	};
	const { said } = watchOn(t, { ask, everyMs: HOUR_MS });
	for (const ms of [15_000, HOUR_MS]) {
		t.mock.timers.tick(ms);
		for (let turns = 0; turns < 20; turns += 1) await turn();
	}
	assert.deepEqual([asked, said.filter((text) => text === 'a bug').length], [2, 2]);
});

test('who asks during a question gets the answer of the next one', async (t) => {
	const waiting: ((answer: AlarmAnswer) => void)[] = [];
	const ask = () => new Promise<AlarmAnswer>((resolve) => waiting.push(resolve));
	const { watch } = watchOn(t, { ask });
	const first = watch.check();
	await turn();
	const [second, third] = [watch.check(), watch.check()];
	waiting[0]?.(answer([OLD]));
	assert.equal((await first).findings.length, 1);
	await turn();
	waiting[1]?.(answer([]));
	assert.deepEqual([(await second).findings, (await third).findings, waiting.length], [[], [], 2]);
});

test('that nothing can be remembered keeps nobody from being told', async (t) => {
	const gone = async () => {
		throw new HubError('STORE_UNAVAILABLE', 'The store is gone.');
	};
	const { watch, said, find } = watchOn(t, { memory: { load: gone, save: gone } });
	find([OLD]);
	await watch.check();
	assert.ok(said.includes('alarm'));
});

test('an alarm is no failure of the hub', async (t) => {
	const { watch, find } = watchOn(t);
	await watch.check();
	assert.equal(watch.report.state, 'ok');
	find([OLD]);
	await watch.check();
	assert.equal(watch.report.state, 'degraded');
	assert.match(watch.report.text, /^a: The newest backup that counts is 30 h old/);
});

test('signs of life are given for what is well, and for nothing of which nothing is known', async (t) => {
	const server = await startHttp();
	t.after(() => server[Symbol.asyncDispose]());
	const at = (name: string) => `http://127.0.0.1:${server.port}/${name}`;
	const { watch, find } = watchOn(t, { signs: { backup: at('backup'), drill: at('drill') } });
	const given = async (code?: Finding['code']) => {
		find(code ? [{ ...OLD, code }] : []);
		return (await watch.check()).signs;
	};
	assert.deepEqual(await given(), { backup: 'told', drill: 'told' });
	for (const code of ['noBackup', 'tooOld', 'fromTheFuture'] as const) {
		assert.deepEqual(await given(code), { backup: 'silent', drill: 'told' }, code);
	}
	for (const code of ['noDrill', 'drillFailed', 'drillTooOld', 'drillFromTheFuture'] as const) {
		assert.deepEqual(await given(code), { backup: 'told', drill: 'silent' }, code);
	}
	for (const code of ['cannotAsk', 'noDatabase'] as const) {
		assert.deepEqual(await given(code), { backup: 'silent', drill: 'silent' }, code);
	}
	for (const code of ['nearlyFull', 'keyCheckDue', 'clockDiffers', 'doNotCount'] as const) {
		assert.deepEqual(await given(code), { backup: 'told', drill: 'told' }, code);
	}
	assert.deepEqual(
		server.requests.map(({ path }) => path).filter((path) => !['/backup', '/drill'].includes(path)),
		[],
	);
});

test('a watcher that does not answer is said once in the log, and its address nowhere', async (t) => {
	const server = await startHttp();
	await server[Symbol.asyncDispose]();
	const { watch, said } = watchOn(t, { signs: { drill: `http://127.0.0.1:${server.port}/secret` } });
	assert.deepEqual((await watch.check()).signs, { backup: 'none', drill: 'failed' });
	await watch.check();
	const warnings = said.filter((text) => text.startsWith('The watcher'));
	assert.equal(warnings.length, 1);
	assert.doesNotMatch(said.join(' ') + watch.report.text, /secret/);
	assert.equal(watch.report.state, 'degraded');
});

test('what is under way ends with the node', async (t) => {
	const ask = (signal: AbortSignal) =>
		new Promise<AlarmAnswer>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
	const { watch, said } = watchOn(t, { ask });
	const ended = assert.rejects(watch.check(), { code: 'CANCELLED' });
	await turn();
	await watch.close();
	await ended;
	assert.deepEqual(said, ['asking']);
	await assert.rejects(watch.check(), { code: 'CANCELLED' });
});
