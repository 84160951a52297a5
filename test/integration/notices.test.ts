/** That a person is told: once, over another way than the failing one, and also when the way was closed for a while. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { simpleParser } from 'mailparser';
import { freePort } from '../../lab/ports.ts';
import { startScript } from '../../lab/smtp-script.ts';
import type { AuditEvent } from '../../lib/audit.ts';
import { HubError } from '../../lib/errors.ts';
import { Health } from '../../lib/health.ts';
import { silentLog } from '../../lib/log.ts';
import { Heartbeat } from '../../lib/notices/heartbeat.ts';
import { mailChannel } from '../../lib/notices/mail-channel.ts';
import { type Channel, type Notice, type NoticeEnd, Notices, type NoticesOptions } from '../../lib/notices/notices.ts';
import { Outbox } from '../../lib/notices/outbox.ts';
import type { NoticesState } from '../../lib/notices/report.ts';
import { type NoticeTables, noticesTopic } from '../../lib/notices/tables.ts';
import { type WebhookChannelOptions, webhookChannel } from '../../lib/notices/webhook-channel.ts';
import { openStore, type Store } from '../../lib/store/store.ts';
import { startHttp } from '../servers/http.ts';
import { startPostgresql, type TestPostgresql } from '../servers/postgresql.ts';

const PAUSES = { minMs: 20, maxMs: 100 };
const ALARM: Notice = { subject: 'Mail is paused', text: 'The relay refuses the password.', severity: 'critical' };

const mail = (port: number, to = ['it@clinica.test']): Channel =>
	mailChannel({
		smtp: { host: '127.0.0.1', port, security: 'none', pool: 1, from: { name: 'Hub', address: 'hub@alarms.test' } },
		to,
		language: 'es',
	});
const webhook = (port: number, options: Partial<WebhookChannelOptions> = {}): Channel =>
	webhookChannel({ url: `http://127.0.0.1:${port}/hook/abc`, ...options });

/** Resolves when `condition` holds; the time-out of the test ends a wait in vain. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
	while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 5));
}

interface Setup {
	notices: Notices;
	health: Health;
	audit: AuditEvent[];
}

/** Notices on a store of their own unless one is given. */
function setUp(channels: Channel[], options: Partial<NoticesOptions> = {}): Setup & AsyncDisposable {
	const health = new Health();
	const audit: AuditEvent[] = [];
	const opened = openStore({ file: ':memory:' });
	const notices = new Notices({
		store: () => opened,
		channels,
		health,
		audit: (event) => audit.push({ at: '', ...event }),
		log: silentLog,
		pauses: PAUSES,
		...options,
	});
	const dispose = async () => {
		await notices.close();
		await (await opened).close();
	};
	return { notices, health, audit, [Symbol.asyncDispose]: dispose };
}

describe('a notice', () => {
	it('reaches every channel, by mail with its own sender and as JSON', async () => {
		await using smtp = await startScript();
		await using http = await startHttp();
		await using hub = setUp([mail(smtp.port), webhook(http.port, { bearer: 'token-1' })]);
		assert.equal(await hub.notices.send({ ...ALARM, text: 'Línea <b>uno</b> & ñ' }), 'queued');
		await until(() => smtp.mails.length === 1 && http.requests.length === 1);

		assert.equal(smtp.mails[0]?.from, 'hub@alarms.test');
		assert.deepEqual(smtp.mails[0]?.to, ['it@clinica.test']);
		const parsed = await simpleParser(smtp.mails[0]?.raw ?? '');
		assert.equal(parsed.subject, '[CRÍTICO] Mail is paused');
		assert.equal(parsed.text?.trim(), 'Línea <b>uno</b> & ñ');
		assert.match(String(parsed.html), /Línea &lt;b&gt;uno&lt;\/b&gt; &amp; ñ/);

		const [request] = http.requests;
		assert.equal(request?.method, 'POST');
		assert.equal(request?.path, '/hook/abc');
		assert.equal(request?.headers.authorization, 'Bearer token-1');
		assert.equal(request?.headers['content-type'], 'application/json');
		const { id, at, ...body } = JSON.parse(request?.body ?? '');
		assert.match(id, /^[0-9a-f-]{36}$/);
		assert.ok(Math.abs(Date.parse(at) - Date.now()) < 10_000);
		assert.deepEqual(body, {
			severity: 'critical',
			subject: 'Mail is paused',
			text: 'Línea <b>uno</b> & ñ',
			about: null,
		});
		await until(() => hub.health.checks()['notices']?.text === 'Notices are delivered.');
	});

	it('is signed where the webhook has a key', async () => {
		await using http = await startHttp();
		await using hub = setUp([webhook(http.port, { hmac: { keyId: 'k1', key: 'secret' } })]);
		await hub.notices.send(ALARM);
		await until(() => http.requests.length === 1);
		const [request] = http.requests;
		const expected = createHmac('sha256', 'secret')
			.update(request?.body ?? '')
			.digest('hex');
		assert.equal(request?.headers['x-hub-signature'], `v1;kid=k1;${expected}`);
	});

	it('goes to each of the receivers it names, one mail each', async () => {
		await using smtp = await startScript();
		await using hub = setUp([mail(smtp.port)]);
		await hub.notices.send({ ...ALARM, to: ['a@clinica.test', 'b@clinica.test'] });
		await until(() => smtp.mails.length === 2);
		assert.deepEqual(smtp.mails.map(({ to }) => to.join()).sort(), ['a@clinica.test', 'b@clinica.test']);
	});

	const malformed: [string, unknown][] = [
		['no subject', { ...ALARM, subject: ' ' }],
		['a wrong severity', { ...ALARM, severity: 'urgent' }],
		['no text', { subject: 'x', severity: 'info' }],
		['two receivers in one', { ...ALARM, to: 'a@clinica.test, evil@x.test' }],
		['a header in the receiver', { ...ALARM, to: 'a@clinica.test\r\nBcc: evil@x.test' }],
	];
	for (const [title, notice] of malformed) {
		it(`with ${title} is refused`, async () => {
			await using http = await startHttp();
			await using hub = setUp([webhook(http.port)]);
			await assert.rejects(hub.notices.send(notice as Notice), { code: 'CONFIG_INVALID' });
			assert.equal(http.requests.length, 0);
		});
	}

	it('with line breaks in its subject is told on one line', async () => {
		await using smtp = await startScript();
		await using hub = setUp([mail(smtp.port)]);
		await hub.notices.send({ ...ALARM, subject: 'x\r\nBcc: evil@x.test' });
		await until(() => smtp.mails.length === 1);
		assert.deepEqual(smtp.mails[0]?.to, ['it@clinica.test']);
		const parsed = await simpleParser(smtp.mails[0]?.raw ?? '');
		assert.equal(parsed.subject, '[CRÍTICO] x  Bcc: evil@x.test');
		assert.equal(parsed.bcc, undefined);
	});
});

describe('the same notice again', () => {
	it('is counted, and told once more when the window closes, with how often', async () => {
		await using http = await startHttp();
		await using hub = setUp([webhook(http.port)], { windowMs: 1_000 });
		assert.equal(await hub.notices.send(ALARM), 'queued');
		for (let n = 0; n < 5; n++) assert.equal(await hub.notices.send({ ...ALARM, text: `No. ${n}` }), 'repeated');
		await until(() => http.requests.length === 2);
		const texts = http.requests.map(({ body }) => JSON.parse(body).text as string);
		assert.equal(texts[0], ALARM.text);
		assert.match(texts[1] ?? '', /^5 more times between \S+Z and \S+Z\.\n\nNo\. 4$/);
	});

	it('without repetitions the window closes silently and the next one is told', async () => {
		const store = await openStore({ file: ':memory:' });
		const db = await store.topic<NoticeTables>(noticesTopic);
		const closed = async () => (await db.selectFrom('notice_window').selectAll().execute()).length === 0;
		await using http = await startHttp();
		const hub = setUp([webhook(http.port)], { store: async () => store, windowMs: 50 });
		assert.equal(await hub.notices.send(ALARM), 'queued');
		await until(closed);
		assert.equal(await hub.notices.send(ALARM), 'queued');
		await until(() => http.requests.length === 2);
		await until(closed);
		assert.ok(http.requests.every(({ body }) => JSON.parse(body).text === ALARM.text));
		await hub.notices.close();
		await store.close();
	});

	it('with another severity or subject is another notice', async () => {
		await using http = await startHttp();
		await using hub = setUp([webhook(http.port)]);
		assert.equal(await hub.notices.send(ALARM), 'queued');
		assert.equal(await hub.notices.send({ ...ALARM, severity: 'warning' }), 'queued');
		assert.equal(await hub.notices.send({ ...ALARM, subject: 'Mail is running' }), 'queued');
		await until(() => http.requests.length === 3);
	});
});

describe('a channel that is down', () => {
	it('gets what waited when it is back, also after a restart in between, and only once', async () => {
		const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-notices-'));
		const file = path.join(directory, 'store.sqlite');
		const port = await freePort();
		try {
			const first = await openStore({ file });
			const before = setUp([mail(port)], { store: async () => first });
			for (let n = 0; n < 3; n++) await before.notices.send({ ...ALARM, subject: `Alarm ${n}` });
			await until(() => before.health.checks()['notices']?.state === 'failed');
			assert.match(
				before.health.checks()['notices']?.text ?? '',
				/Nobody can be told\. mail: The connection was refused/,
			);
			await before.notices.close();
			await first.close();

			const second = await openStore({ file });
			const later = setUp([mail(port)], { store: async () => second });
			await until(() => later.health.checks()['notices']?.state === 'failed');
			await using smtp = await startScript({}, { port });
			await until(() => smtp.mails.length === 3);
			await until(() => later.health.checks()['notices']?.state === 'ok');
			const subjects = await Promise.all(smtp.mails.map(async ({ raw }) => (await simpleParser(raw)).subject));
			assert.deepEqual(subjects.sort(), ['[CRÍTICO] Alarm 0', '[CRÍTICO] Alarm 1', '[CRÍTICO] Alarm 2']);
			await later.notices.close();
			await second.close();
		} finally {
			await rm(directory, { recursive: true });
		}
	});

	it('gets again what a killed process was carrying', async () => {
		const store = await openStore({ file: ':memory:' });
		const options = { sender: 'notices', maxWaiting: 10, windowMs: 60_000 };
		const outbox = new Outbox(await store.topic<NoticeTables>(noticesTopic), options);
		const now = Date.now();
		await outbox.take({ ...ALARM, to: [], about: null }, [{ channel: 'webhook', target: null }], now);
		const parcel = await outbox.next('webhook', now);
		assert.ok(parcel && (await outbox.claim(parcel, now + 600_000)));
		await using http = await startHttp();
		const hub = setUp([webhook(http.port)], { store: async () => store });
		await until(() => http.requests.length === 1);
		assert.equal(JSON.parse(http.requests[0]?.body ?? '').id, parcel.id);
		await hub.notices.close();
		await store.close();
	});

	it('leaves what waits a week, and whatever it waits for is forgotten then', async () => {
		const store = await openStore({ file: ':memory:' });
		const db = await store.topic<NoticeTables>(noticesTopic);
		const removed = new Outbox(db, { sender: 'a node that was removed', maxWaiting: 10, windowMs: 1_000 });
		const own = new Outbox(db, { sender: 'notices', maxWaiting: 10, windowMs: 1_000 });
		const now = Date.now();
		const notice = { ...ALARM, to: [], about: null };
		for (const [outbox, days] of [
			[removed, 8],
			[own, 8],
			[own, 6],
		] as const) {
			const at = now - days * 86_400_000;
			await outbox.take({ ...notice, subject: `${days} days` }, [{ channel: 'webhook', target: null }], at);
		}
		await using http = await startHttp();
		const hub = setUp([webhook(http.port)], { store: async () => store });
		await until(() => hub.notices.state.dropped === 2);
		await until(async () => (await own.waiting('webhook')) === 0);
		assert.equal(await removed.waiting('webhook'), 0);
		assert.deepEqual(
			(await db.selectFrom('notice_window').select('subject').execute()).filter(({ subject }) => subject === '8 days'),
			[],
		);
		await hub.notices.close();
		await store.close();
	});

	it('is told of with its number of notices, and each end with its reason', async () => {
		const port = await freePort();
		const ends: NoticeEnd[] = [];
		const seen: NoticesState['couriers'][number][] = [];
		await using hub = setUp([webhook(port)], {
			onEnd: (end) => ends.push(end),
			onChange: () => seen.push(...hub.notices.state.couriers),
		});
		await hub.notices.send(ALARM);
		await until(() => seen.some(({ failure }) => failure !== undefined));
		await hub.notices.send({ ...ALARM, subject: 'Another' });
		await until(() => seen.at(-1)?.waiting === 2);
		await using _http = await startHttp((request) => ({ status: request.body.includes('Another') ? 422 : 204 }), {
			port,
		});
		await until(() => ends.length === 2);
		assert.deepEqual(
			ends
				.map(({ outcome, channel, subject, reason }) => ({ outcome, channel, subject, reason }))
				.sort((a, b) => a.outcome.localeCompare(b.outcome)),
			[
				{ outcome: 'delivered', channel: 'webhook', subject: ALARM.subject, reason: undefined },
				{ outcome: 'never', channel: 'webhook', subject: 'Another', reason: 'The webhook answers HTTP 422.' },
			],
		);
		await until(() => seen.at(-1)?.waiting === 0 && seen.at(-1)?.failure === undefined);
	});

	it('does not hold up another one', async () => {
		await using http = await startHttp();
		await using smtp = await startScript({ greeting: 'stall' });
		await using hub = setUp([mail(smtp.port), webhook(http.port)]);
		await hub.notices.send(ALARM);
		await until(() => smtp.connections.total === 1);
		await hub.notices.send({ ...ALARM, subject: 'Another' });
		await until(() => http.requests.length === 2);
	});

	it('that refuses one notice for good gets the others', async () => {
		await using http = await startHttp((request) => ({ status: request.body.includes('Bad') ? 422 : 200 }));
		await using hub = setUp([webhook(http.port)]);
		await hub.notices.send({ ...ALARM, subject: 'Bad' });
		await hub.notices.send({ ...ALARM, subject: 'Good' });
		await until(() => http.requests.length === 2);
		await until(() => hub.audit.length === 1);
		assert.equal(hub.audit[0]?.action, 'notices.deliver');
		assert.equal(hub.audit[0]?.outcome, 'refused');
	});

	it('keeps a bounded number of the oldest, and says how many it did not keep', async () => {
		const port = await freePort();
		await using hub = setUp([webhook(port)], { maxWaiting: 3 });
		const results: string[] = [];
		for (let n = 0; n < 5; n++) results.push(await hub.notices.send({ ...ALARM, subject: `Alarm ${n}` }));
		assert.deepEqual(results, ['queued', 'queued', 'queued', 'dropped', 'dropped']);
		assert.equal(hub.health.checks()['notices']?.details?.['dropped'], 2);
		assert.equal(hub.audit.filter(({ action }) => action === 'notices.drop').length, 2);
		await using http = await startHttp(() => ({}), { port });
		await until(() => http.requests.length === 3);
		const subjects = http.requests.map(({ body }) => JSON.parse(body).subject as string);
		assert.deepEqual(subjects.sort(), ['Alarm 0', 'Alarm 1', 'Alarm 2']);
	});

	it('is not flooded: what exceeds the rate waits in the store', async () => {
		await using http = await startHttp();
		await using hub = setUp([webhook(http.port)], { perMinute: 2 });
		for (let n = 0; n < 5; n++) await hub.notices.send({ ...ALARM, subject: `Alarm ${n}` });
		await until(() => http.requests.length === 2);
		await new Promise((resolve) => setTimeout(resolve, 200));
		assert.equal(http.requests.length, 2);
	});

	it('that never says whether it took a mail gets it three times at most', async () => {
		await using smtp = await startScript({ dot: 'drop' });
		await using hub = setUp([mail(smtp.port)]);
		await hub.notices.send(ALARM);
		await until(() => smtp.mails.length === 3);
		await until(() => hub.health.checks()['notices']?.details?.['waiting'] === 0);
		const ids = await Promise.all(smtp.mails.map(async ({ raw }) => (await simpleParser(raw)).messageId));
		assert.equal(new Set(ids).size, 1, 'all of them recognisable as the same');
	});
});

describe('a notice about a channel', () => {
	it('travels on another one while that channel is down', async () => {
		await using http = await startHttp();
		await using hub = setUp([mail(await freePort()), webhook(http.port)]);
		await hub.notices.send({ ...ALARM, about: 'smtp' });
		await until(() => http.requests.length === 1);
		await until(() => hub.health.checks()['notices']?.state === 'degraded');
	});

	it('is said in health when there is no other one', async () => {
		await using smtp = await startScript();
		await using hub = setUp([mail(smtp.port)]);
		await hub.notices.send(ALARM);
		assert.notEqual(hub.health.checks()['notices']?.state, 'failed');
		await hub.notices.send({ ...ALARM, subject: 'Relay refuses', about: 'smtp' });
		const { state, text } = hub.health.checks()['notices'] ?? {};
		assert.equal(state, 'failed');
		assert.match(text ?? '', /Only smtp itself could carry this notice about smtp.*Relay refuses/);
	});

	it('without any channel is refused, and health says that nobody would be told', async () => {
		await using hub = setUp([]);
		assert.equal(hub.health.checks()['notices']?.state, 'degraded');
		await assert.rejects(hub.notices.send(ALARM), { code: 'NOTICE_FAILED' });
	});
});

describe('without the store', () => {
	const broken = async (): Promise<Store> => {
		throw new HubError('STORE_UNAVAILABLE', 'The store cannot be opened.');
	};

	it('a notice is told directly, the same one once', async () => {
		await using http = await startHttp();
		await using hub = setUp([webhook(http.port)], { store: broken });
		assert.equal(await hub.notices.send(ALARM), 'direct');
		assert.equal(await hub.notices.send(ALARM), 'repeated');
		assert.equal(http.requests.length, 1);
		assert.match(hub.health.checks()['notices']?.text ?? '', /not kept: The store cannot be opened/);
	});

	it('a notice that no channel takes is an error', async () => {
		await using hub = setUp([webhook(await freePort())], { store: broken });
		await assert.rejects(hub.notices.send(ALARM), { code: 'NOTICE_FAILED' });
	});
});

describe('closing', () => {
	it('ends within 2 s while a channel hangs, and keeps the notice', async () => {
		const store = await openStore({ file: ':memory:' });
		await using hanging = await startHttp(() => 'stall');
		const first = setUp([webhook(hanging.port)], { store: async () => store });
		await first.notices.send(ALARM);
		await until(() => hanging.requests.length === 1);
		const began = performance.now();
		await first.notices.close();
		assert.ok(performance.now() - began < 2_000);
		await using http = await startHttp();
		const second = setUp([webhook(http.port)], { store: async () => store });
		await until(() => http.requests.length === 1);
		await second.notices.close();
		await store.close();
	});
});

describe('several processes on PostgreSQL', () => {
	let postgresql: TestPostgresql;
	before(async () => {
		postgresql = await startPostgresql();
	});
	after(() => postgresql.stop());

	it('tell each notice once', async () => {
		const url = await postgresql.database();
		const stores = [await openStore({ url }), await openStore({ url })];
		await using http = await startHttp();
		const hubs = stores.map((store) => setUp([webhook(http.port)], { store: async () => store, perMinute: 1_000 }));
		const sends = Array.from({ length: 40 }, (_, n) =>
			hubs[n % 2]?.notices.send({ ...ALARM, subject: `Alarm ${n >> 1}` }),
		);
		const results = await Promise.all(sends);
		// Both may open the same window at the same instant and then both tell it; never less than once.
		const queued = results.filter((result) => result === 'queued').length;
		assert.ok(queued >= 20);
		await until(() => http.requests.length >= queued);
		const subjects = new Set(http.requests.map(({ body }) => JSON.parse(body).subject as string));
		assert.equal(subjects.size, 20);
		const ids = http.requests.map(({ body }) => JSON.parse(body).id as string);
		assert.equal(new Set(ids).size, ids.length, 'no parcel was carried twice');
		for (const hub of hubs) await hub.notices.close();
		for (const store of stores) await store.close();
	});
});

describe('heartbeat', () => {
	it('beats at once and at every interval, also when a check is degraded', async () => {
		await using http = await startHttp();
		const health = new Health();
		health.register('x', () => ({ state: 'degraded', text: '' }));
		const heartbeat = new Heartbeat({
			url: `http://127.0.0.1:${http.port}/ping/abc`,
			intervalMs: 30,
			health,
			log: silentLog,
		});
		await until(() => http.requests.length >= 3);
		await heartbeat.close();
		assert.deepEqual([http.requests[0]?.method, http.requests[0]?.path], ['GET', '/ping/abc']);
		const count = http.requests.length;
		await new Promise((resolve) => setTimeout(resolve, 80));
		assert.equal(http.requests.length, count, 'a closed one is silent');
	});

	it('is silent while a check has failed, and beats again after', async () => {
		await using http = await startHttp();
		const health = new Health();
		let state: 'failed' | 'ok' = 'failed';
		let asked = 0;
		health.register('x', () => {
			asked++;
			return { state, text: '' };
		});
		const heartbeat = new Heartbeat({ url: `http://127.0.0.1:${http.port}/`, intervalMs: 10, health, log: silentLog });
		await until(() => asked >= 5);
		assert.equal(http.requests.length, 0);
		state = 'ok';
		await until(() => http.requests.length > 0);
		await heartbeat.close();
	});

	it('can say expressly that a check has failed, by name only', async () => {
		await using http = await startHttp();
		const health = new Health();
		health.register('amqp-mail:1', () => ({ state: 'failed', text: 'relay.clinica.test refuses' }));
		const url = `http://127.0.0.1:${http.port}/ping/abc`;
		const heartbeat = new Heartbeat({ url, whenFailed: 'fail', health, log: silentLog });
		await until(() => http.requests.length === 1);
		await heartbeat.close();
		const { method, path: asked, body } = http.requests[0] ?? {};
		assert.deepEqual({ method, asked, body }, { method: 'POST', asked: '/ping/abc/fail', body: 'amqp-mail:1' });
	});

	it('says in health that the watcher cannot be told, and goes on', async () => {
		const port = await freePort();
		const health = new Health();
		const heartbeat = new Heartbeat({ url: `http://127.0.0.1:${port}/`, intervalMs: 20, health, log: silentLog });
		await until(() => health.checks()['heartbeat']?.state === 'degraded');
		await using http = await startHttp(() => ({}), { port });
		await until(() => http.requests.length > 0 && health.checks()['heartbeat']?.state === 'ok');
		await heartbeat.close();
	});
});

describe('addresses of channels', () => {
	it('a bearer token needs TLS, and an address must be http or https without a user name', () => {
		assert.throws(() => webhookChannel({ url: 'http://chat.example.org/x', bearer: 't' }), { code: 'CONFIG_INVALID' });
		for (const url of ['ftp://x.test/', 'not an address', 'https://user:pw@x.test/', 'file:///etc/passwd']) {
			assert.throws(() => webhookChannel({ url }), { code: 'CONFIG_INVALID' }, url);
			assert.throws(
				() => new Heartbeat({ url, health: new Health(), log: silentLog }),
				{ code: 'CONFIG_INVALID' },
				url,
			);
		}
		assert.ok(webhookChannel({ url: 'http://chat.example.org/x' }));
	});
});
