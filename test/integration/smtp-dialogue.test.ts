/** What each answer, drop and silence of an SMTP server means for a mail, played by a scripted server. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { freePort } from '../../lab/ports.ts';
import { type Script, startScript } from '../../lab/smtp-script.ts';
import { type FailedSend, SmtpClient, type SmtpOptions } from '../../lib/smtp/client.ts';
import type { SmtpTimeouts } from '../../lib/smtp/options.ts';
import { aMail, SECRET } from '../mails.ts';

const OPTIONS: Omit<SmtpOptions, 'port'> = {
	host: '127.0.0.1',
	security: 'none',
	pool: 1,
	from: { address: 'compras@clinica.test' },
};

interface Row {
	title: string;
	script: Script;
	outcome: 'sent' | FailedSend['outcome'];
	code?: number;
	words?: RegExp;
	options?: Partial<SmtpOptions>;
}

const auth = { type: 'password', user: 'hub', pass: SECRET } as const;
const WITH_AUTH = { ehlo: '250-lab\n250 AUTH PLAIN LOGIN' };
const PIPELINING = { ehlo: '250-lab\n250 PIPELINING' };
/** Bounds one phase so that it can be waited for, and leaves the others their time. */
const brief = (phase: keyof SmtpTimeouts) => ({ timeouts: { [phase]: 400 } });
/** More than what connection and sockets buffer, so that the final dot cannot have left. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, 'x');

const rows: Row[] = [
	{ title: 'every step answered as usual: sent', script: {}, outcome: 'sent' },

	{
		title: 'greeting 421: again later',
		script: { greeting: '421 4.3.2 Busy' },
		outcome: 'temporary',
		code: 421,
		words: /421 4\.3\.2/,
	},
	{
		title: 'greeting 554: the client is refused',
		script: { greeting: '554 5.7.1 Blocked' },
		outcome: 'refused',
		code: 554,
		words: /turns this client away \(554 5\.7\.1\)/,
	},
	{
		title: 'greeting 521: the client is refused',
		script: { greeting: '521 No mail here' },
		outcome: 'refused',
		code: 521,
	},
	{
		title: 'drop instead of a greeting: again later',
		script: { greeting: 'drop' },
		outcome: 'temporary',
		words: /ended before the mail/,
	},
	{ title: 'reset instead of a greeting: again later', script: { greeting: 'reset' }, outcome: 'temporary' },
	{
		title: 'no greeting: again later',
		script: { greeting: 'stall' },
		outcome: 'temporary',
		options: brief('setup'),
	},
	{
		title: 'a greeting that never ends: again later',
		script: { greeting: 'trickle' },
		outcome: 'temporary',
		options: brief('setup'),
	},
	{
		title: 'a greeting that is not SMTP: again later',
		script: { greeting: 'HTTP/1.1 400 Bad Request' },
		outcome: 'temporary',
		words: /not SMTP/,
	},

	{ title: 'EHLO 421: again later', script: { ehlo: '421 4.7.0 Slow down' }, outcome: 'temporary', code: 421 },
	{
		title: 'EHLO and HELO 550: the client is refused',
		script: { ehlo: '550 No', helo: '550 5.7.1 Bad name' },
		outcome: 'refused',
		code: 550,
	},
	{ title: 'EHLO unknown, HELO known: sent', script: { ehlo: '502 What?' }, outcome: 'sent' },
	{ title: 'drop at EHLO: again later', script: { ehlo: 'drop' }, outcome: 'temporary' },
	{
		title: 'stall at EHLO: again later',
		script: { ehlo: 'stall' },
		outcome: 'temporary',
		options: brief('setup'),
	},
	{
		title: 'a trickle at EHLO: again later',
		script: { ehlo: 'trickle' },
		outcome: 'temporary',
		words: /within 0\.4 s/,
		options: brief('setup'),
	},

	{ title: 'sign-in 235: sent', script: WITH_AUTH, outcome: 'sent', options: { auth } },
	{
		title: 'sign-in 535: the client is refused',
		script: { ...WITH_AUTH, auth: '535 5.7.8 Wrong' },
		outcome: 'refused',
		code: 535,
		words: /refuses the credentials \(535 5\.7\.8\)/,
		options: { auth },
	},
	{
		title: 'sign-in 534: the client is refused',
		script: { ...WITH_AUTH, auth: '534 5.7.9 Too weak' },
		outcome: 'refused',
		code: 534,
		words: /way of signing in/,
		options: { auth },
	},
	{
		title: 'sign-in 454: again later',
		script: { ...WITH_AUTH, auth: '454 4.7.0 Directory down' },
		outcome: 'temporary',
		code: 454,
		options: { auth },
	},
	{
		title: 'sign-in 421: again later',
		script: { ...WITH_AUTH, auth: '421 4.7.0 Too many' },
		outcome: 'temporary',
		code: 421,
		options: { auth },
	},
	{
		title: 'AUTH not known to the server: the client is refused',
		script: { authBegin: '502 5.5.2 What?' },
		outcome: 'refused',
		code: 502,
		options: { auth },
	},
	{
		title: 'drop at sign-in: again later',
		script: { ...WITH_AUTH, auth: 'drop' },
		outcome: 'temporary',
		options: { auth },
	},
	{
		title: 'stall at sign-in: again later',
		script: { ...WITH_AUTH, auth: 'stall' },
		outcome: 'temporary',
		options: { auth, ...brief('setup') },
	},

	{
		title: 'required STARTTLS 454: again later',
		script: { starttls: '454 4.7.0 Not now' },
		outcome: 'temporary',
		code: 454,
		options: { security: 'starttls' },
	},
	{
		title: 'required STARTTLS not offered: refused, and nothing in plain text',
		script: {},
		outcome: 'refused',
		code: 502,
		words: /does not offer STARTTLS/,
		options: { security: 'starttls' },
	},
	{
		title: 'drop in the TLS handshake: again later',
		script: { starttls: 'drop' },
		outcome: 'temporary',
		options: { security: 'starttls' },
	},
	{
		title: 'TLS from the start to a plain-text port: refused',
		script: {},
		outcome: 'refused',
		words: /does not speak TLS from the start/,
		options: { security: 'tls' },
	},

	{ title: 'sender 450: again later', script: { mail: '450 4.1.8 Try later' }, outcome: 'temporary', code: 450 },
	{ title: 'sender 421: again later', script: { mail: '421 4.3.2 Shutting down' }, outcome: 'temporary', code: 421 },
	{
		title: 'sender 530, not signed in: the client is refused',
		script: { mail: '530 5.7.0 Authentication required' },
		outcome: 'refused',
		code: 530,
		words: /sign in/,
	},
	{
		title: 'sender 553: parked',
		script: { mail: '553 5.7.1 Not your address' },
		outcome: 'permanent',
		code: 553,
		words: /refuses the sender \(553 5\.7\.1\)/,
	},
	{
		title: 'sender 503, session lost: again later',
		script: { mail: '503 5.5.1 Bad sequence' },
		outcome: 'temporary',
		code: 503,
	},
	{
		title: 'drop at MAIL: again later',
		script: { mail: 'drop' },
		outcome: 'temporary',
		words: /before the mail was handed over/,
	},
	{ title: 'reset at MAIL: again later', script: { mail: 'reset' }, outcome: 'temporary' },
	{
		title: 'stall at MAIL: again later',
		script: { mail: 'stall' },
		outcome: 'temporary',
		options: brief('envelope'),
	},
	{
		title: 'a trickle at MAIL: again later',
		script: { mail: 'trickle' },
		outcome: 'temporary',
		options: brief('envelope'),
	},

	{
		title: 'recipient 450 (greylisting): again later',
		script: { rcpt: '450 4.2.0 Greylisted' },
		outcome: 'temporary',
		code: 450,
	},
	{ title: 'recipient 451: again later', script: { rcpt: '451 4.3.0 Local error' }, outcome: 'temporary', code: 451 },
	{ title: 'recipient 452 (full): again later', script: { rcpt: '452 4.2.2 Full' }, outcome: 'temporary', code: 452 },
	...[550, 551, 552, 553, 554].map(
		(code): Row => ({
			title: `recipient ${code}: parked`,
			script: { rcpt: `${code} 5.1.1 Never` },
			outcome: 'permanent',
			code,
			words: /refuses the recipient/,
		}),
	),
	{ title: 'drop at RCPT: again later', script: { rcpt: 'drop' }, outcome: 'temporary' },
	{
		title: 'stall at RCPT: again later',
		script: { rcpt: 'stall' },
		outcome: 'temporary',
		options: brief('envelope'),
	},

	{ title: 'DATA 451: again later', script: { data: '451 4.3.5 Later' }, outcome: 'temporary', code: 451 },
	{
		title: 'DATA 554: parked',
		script: { data: '554 5.5.1 No' },
		outcome: 'permanent',
		code: 554,
		words: /refuses the mail/,
	},
	{ title: 'drop at DATA: again later', script: { data: 'drop' }, outcome: 'temporary' },
	{
		title: 'stall at DATA: again later',
		script: { data: 'stall' },
		outcome: 'temporary',
		options: brief('envelope'),
	},

	{
		title: 'after the dot 421: again later',
		script: { dot: '421 4.3.2 Shutting down' },
		outcome: 'temporary',
		code: 421,
	},
	{
		title: 'after the dot 451: again later',
		script: { dot: '451 4.7.1 Scanner busy' },
		outcome: 'temporary',
		code: 451,
	},
	{
		title: 'after the dot 550: parked',
		script: { dot: '550 5.7.1 Spam' },
		outcome: 'permanent',
		code: 550,
		words: /refuses the mail \(550 5\.7\.1\)/,
	},
	{ title: 'after the dot 552: parked', script: { dot: '552 5.3.4 Too large' }, outcome: 'permanent', code: 552 },
	{ title: 'after the dot 554: parked', script: { dot: '554 5.6.0 No' }, outcome: 'permanent', code: 554 },
	{
		title: 'drop after the dot: unknown',
		script: { dot: 'drop' },
		outcome: 'unknown',
		words: /ended before the answer: it may have been accepted/,
	},
	{ title: 'reset after the dot: unknown', script: { dot: 'reset' }, outcome: 'unknown' },
	{
		title: 'stall after the dot: unknown',
		script: { dot: 'stall' },
		outcome: 'unknown',
		words: /no answer came within 0\.4 s/,
		options: brief('answer'),
	},
	{
		title: 'a trickle after the dot: unknown',
		script: { dot: 'trickle' },
		outcome: 'unknown',
		options: brief('answer'),
	},
	{ title: 'nonsense after the dot: unknown', script: { dot: 'queued' }, outcome: 'unknown' },
	{ title: 'after the dot 354: unknown', script: { dot: '354 More?' }, outcome: 'unknown', code: 354 },
];

describe('SMTP dialogue', () => {
	for (const { title, script, outcome, code, words, options } of rows) {
		for (const pipelining of script.ehlo === undefined && !title.startsWith('EHLO') ? [false, true] : [false]) {
			it(pipelining ? `${title} (pipelining)` : title, async () => {
				await using server = await startScript({ ...(pipelining ? PIPELINING : {}), ...script });
				const client = new SmtpClient({ ...OPTIONS, port: server.port, ...options });
				const result = await client.send(aMail());
				assert.equal(result.outcome, outcome, JSON.stringify(result));
				if (result.outcome !== 'sent') {
					assert.equal(result.responseCode, code);
					if (words) assert.match(result.reason, words);
					assert.doesNotMatch(result.reason, /@/, 'no address in a reason');
					assert.ok(!result.reason.includes(SECRET), 'no secret in a reason');
				}
				assert.ok(server.connections.total <= 1, 'one attempt, one connection');
				await client.close();
			});
		}
	}

	for (const ending of ['drop', 'reset'] as const) {
		it(`${ending} in the middle of a large mail: again later, for the dot cannot have left`, async () => {
			await using server = await startScript({ body: ending });
			const client = new SmtpClient({ ...OPTIONS, port: server.port });
			const attachments = [{ filename: 'a.bin', contentType: 'application/octet-stream', content: LARGE }];
			const result = await client.send({ ...aMail(), attachments });
			assert.equal(result.outcome, 'temporary', JSON.stringify(result));
			assert.equal(server.mails.length, 0);
			await client.close();
		});
	}

	it('nobody listens: again later, said as refused connection', async () => {
		const client = new SmtpClient({ ...OPTIONS, port: await freePort() });
		const result = await client.send(aMail());
		assert.equal(result.outcome, 'temporary');
		assert.match(result.outcome === 'temporary' ? result.reason : '', /connection was refused/);
	});

	it('unknown host: again later, said as DNS', async () => {
		const client = new SmtpClient({ ...OPTIONS, host: 'no-such-host.invalid', port: 25 });
		const result = await client.send(aMail());
		assert.equal(result.outcome, 'temporary');
		assert.match(result.outcome === 'temporary' ? result.reason : '', /DNS/);
	});

	it('a mail larger than SIZE allows: parked before it is sent', async () => {
		await using server = await startScript({ ehlo: '250-lab\n250 SIZE 100', mail: '552 5.3.4 Too large' });
		const client = new SmtpClient({ ...OPTIONS, port: server.port });
		const result = await client.send(aMail());
		assert.equal(result.outcome, 'permanent');
		assert.equal(server.mails.length, 0);
		await client.close();
	});

	it('the connection goes on after a refused mail', async () => {
		await using server = await startScript({ rcpt: (nth) => (nth === 1 ? '550 5.1.1 Never' : '250 Ok') });
		const client = new SmtpClient({ ...OPTIONS, port: server.port });
		assert.equal((await client.send(aMail())).outcome, 'permanent');
		assert.equal((await client.send(aMail())).outcome, 'sent');
		assert.equal(server.connections.total, 1);
		await client.close();
	});
});
