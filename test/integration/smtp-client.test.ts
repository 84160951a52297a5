/** What a mailbox receives, what cannot be smuggled into a mail, and how the pool behaves. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { type ScriptedServer, startScript } from '../../lab/smtp-script.ts';
import { type OutgoingMail, SmtpClient, type SmtpOptions } from '../../lib/smtp/client.ts';
import { aMail, SECRET } from '../mails.ts';

const OPTIONS: Omit<SmtpOptions, 'port'> = {
	host: '127.0.0.1',
	security: 'none',
	pool: 1,
	from: { address: 'compras@clinica.test' },
};

const clientOf = (server: { port: number }, options: Partial<SmtpOptions> = {}) =>
	new SmtpClient({ ...OPTIONS, port: server.port, ...options });

/** Resolves when `condition` holds; the time-out of the test ends a wait in vain. */
async function until(condition: () => boolean): Promise<void> {
	while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A real SMTP server that keeps what it receives. */
async function inbox() {
	const mails: { from: string; to: string[]; parsed: ParsedMail }[] = [];
	const server = new SMTPServer({
		authOptional: true,
		hideSTARTTLS: true,
		onData(stream, session, done) {
			const address = (box: false | { address: string }) => (box ? box.address : '');
			simpleParser(stream).then((parsed) => {
				const { mailFrom, rcptTo } = session.envelope;
				mails.push({ from: address(mailFrom), to: rcptTo.map(address), parsed });
				done();
			}, done);
		},
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	const address = server.server.address();
	const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
	return { port, mails, [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())) };
}

describe('a mail as its recipient receives it', () => {
	it('keeps headers, both texts, every letter and every byte', async () => {
		await using server = await inbox();
		const client = clientOf(server);
		const content = randomBytes(200_000);
		const mail = aMail({
			to: { name: 'Ñandú & Hijos, S.A. "El Rápido"', address: 'ventas@proveedor.test' },
			replyTo: { name: 'María José Muñoz', address: 'mjose@clinica.test' },
			subject: `Pedido ñ á 🏥 ${'confirmación '.repeat(20)}fin`,
			text: 'Línea uno: ñandú\n.\n..punto\nFrom aquí\n',
			html: '<p>Línea uno: ñandú 🏥</p>\n.\n<p>fin</p>',
			headers: { 'X-Clinic-Order': 'P00042' },
			attachments: [{ filename: 'Pedido ñ P00042.pdf', contentType: 'application/pdf', content }],
		});
		const result = await client.send(mail);
		assert.equal(result.outcome, 'sent');
		assert.match(result.outcome === 'sent' ? result.response : '', /^250 /);
		await client.close();

		const [received] = server.mails;
		assert.ok(received);
		const { parsed } = received;
		assert.equal(received.from, 'compras@clinica.test');
		assert.deepEqual(received.to, ['ventas@proveedor.test']);
		assert.equal(parsed.messageId, mail.messageId);
		assert.deepEqual(parsed.date, mail.date);
		assert.equal(parsed.subject, mail.subject);
		assert.deepEqual(parsed.from?.value, [{ name: 'Clínica Ñuñoa', address: 'compras@clinica.test' }]);
		assert.deepEqual([parsed.to].flat()[0]?.value, [mail.to]);
		assert.deepEqual(parsed.replyTo?.value, [mail.replyTo]);
		assert.equal(parsed.text, mail.text);
		assert.equal(parsed.html, mail.html);
		assert.equal(parsed.headers.get('content-language'), 'es');
		assert.equal(parsed.headers.get('auto-submitted'), 'auto-generated');
		assert.equal(parsed.headers.get('x-clinic-order'), 'P00042');
		for (const absent of ['cc', 'bcc', 'x-mailer']) assert.ok(!parsed.headers.has(absent), absent);
		assert.equal(parsed.attachments.length, 1);
		assert.equal(parsed.attachments[0]?.filename, 'Pedido ñ P00042.pdf');
		assert.equal(parsed.attachments[0]?.contentType, 'application/pdf');
		assert.ok(parsed.attachments[0]?.content.equals(content));
	});

	it('carries the same Message-ID and Date at every attempt', async () => {
		await using server = await startScript({ dot: (nth) => (nth === 1 ? 'drop' : '250 Ok') });
		const client = clientOf(server);
		const mail = aMail();
		assert.equal((await client.send(mail)).outcome, 'unknown');
		assert.equal((await client.send(mail)).outcome, 'sent');
		await client.close();
		const [first, second] = await Promise.all(server.mails.map(({ raw }) => simpleParser(raw)));
		assert.equal(first?.messageId, mail.messageId);
		assert.equal(second?.messageId, mail.messageId);
		assert.deepEqual(first?.date, second?.date);
	});
});

describe('what cannot be smuggled into a mail', () => {
	const bcc = 'x\r\nBcc: evil@x.test';
	const attachment = { filename: 'a.txt', contentType: 'text/plain', content: Buffer.from('x') };
	const attacks: [string, Partial<OutgoingMail>][] = [
		['a header in the recipient', { to: { address: 'b@v.test\r\nBcc: evil@x.test' } }],
		['a second recipient behind a comma', { to: { address: 'b@v.test,evil@x.test' } }],
		['a group', { to: { address: 'todos:b@v.test,evil@x.test;' } }],
		["a header in the recipient's name", { to: { name: bcc, address: 'b@v.test' } }],
		['a header in the sender', { from: { address: 'a@c.test\r\nBcc: evil@x.test' } }],
		["a header in the sender's name", { from: { name: bcc, address: 'a@c.test' } }],
		['a header in Reply-To', { replyTo: { address: 'a@c.test\nBcc: evil@x.test' } }],
		['a header in the name of Reply-To', { replyTo: { name: bcc, address: 'a@c.test' } }],
		['a header in the subject', { subject: bcc }],
		['a header behind a single line feed in the subject', { subject: 'x\nBcc: evil@x.test' }],
		['a header behind a single carriage return in the subject', { subject: 'x\rBcc: evil@x.test' }],
		['a header in the Message-ID', { messageId: '<a@c.test>\r\nBcc: evil@x.test' }],
		['a header in the language', { language: 'es\r\nBcc: evil@x.test' }],
		['a header in the value of a header', { headers: { 'X-A': bcc } }],
		['a header in the name of a header', { headers: { 'X-A: 1\r\nBcc': 'evil@x.test' } }],
		['Bcc as a header', { headers: { Bcc: 'evil@x.test' } }],
		['another recipient as a header', { headers: { To: 'evil@x.test' } }],
		['another type as a header', { headers: { 'Content-Type': 'text/html' } }],
		['a header in the name of an attachment', { attachments: [{ ...attachment, filename: bcc }] }],
		['a header in the type of an attachment', { attachments: [{ ...attachment, contentType: `text/plain${bcc}` }] }],
		['a mail as an attachment', { attachments: [{ ...attachment, contentType: 'message/rfc822' }] }],
		['a date that is none', { date: new Date('yesterday') }],
	];
	for (const [title, overrides] of attacks) {
		it(`${title}: parked in words, without a connection`, async () => {
			await using server = await startScript();
			const client = clientOf(server);
			const result = await client.send(aMail(overrides));
			assert.equal(result.outcome, 'permanent', JSON.stringify(result));
			assert.ok(result.outcome === 'permanent' && result.reason.length > 15);
			assert.doesNotMatch(JSON.stringify(result), /evil|@v\.test/, 'the value is not repeated');
			assert.equal(server.connections.total, 0);
		});
	}

	it('commands in a text stay text', async () => {
		await using server = await startScript();
		const client = clientOf(server);
		const text = 'a\r\n.\r\nMAIL FROM:<evil@x.test>\r\nRCPT TO:<evil@x.test>\r\nDATA\r\nb\n.\nc\r.\rd\n';
		assert.equal((await client.send(aMail({ text, html: text }))).outcome, 'sent');
		await client.close();
		assert.equal(server.mails.length, 1);
		assert.deepEqual(server.mails[0]?.to, ['ventas@proveedor.test']);
		assert.ok(!server.commands.some((line) => line.includes('evil')));
	});

	it('a name that looks like further addresses stays a name', async () => {
		await using server = await inbox();
		const client = clientOf(server);
		const name = 'evil@x.test, "b" <c@x.test>; d@x.test';
		assert.equal((await client.send(aMail({ to: { name, address: 'ventas@proveedor.test' } }))).outcome, 'sent');
		await client.close();
		assert.deepEqual(server.mails[0]?.to, ['ventas@proveedor.test']);
		assert.deepEqual([server.mails[0]?.parsed.to].flat()[0]?.value, [{ name, address: 'ventas@proveedor.test' }]);
	});
});

describe('the pool', () => {
	const sendMany = (client: SmtpClient, count: number) =>
		Promise.all(Array.from({ length: count }, () => client.send(aMail())));

	it('uses as many connections as configured and keeps them', async () => {
		await using server = await startScript({ dot: () => new Promise((r) => setTimeout(r, 20, '250 Ok')) });
		const client = clientOf(server, { pool: 3 });
		for (const result of await sendMany(client, 30)) assert.equal(result.outcome, 'sent');
		assert.equal(server.connections.total, 3);
		assert.equal(server.mails.length, 30);
		await client.close();
		await until(() => server.connections.open === 0);
	});

	it('sends more than a hundred mails over one connection', async () => {
		await using server = await startScript();
		const client = clientOf(server);
		for (const result of await sendMany(client, 150)) assert.equal(result.outcome, 'sent');
		assert.equal(server.connections.total, 1);
		await client.close();
	});

	it('keeps to the rate from the first second on', async () => {
		const times: number[] = [];
		await using server = await startScript({ mail: () => (times.push(performance.now()) ? '250 Ok' : '') });
		const client = clientOf(server, { pool: 10, ratePerSecond: 5 });
		for (const result of await sendMany(client, 10)) assert.equal(result.outcome, 'sent');
		await client.close();
		assert.ok(times.filter((at) => at < (times[0] ?? 0) + 500).length <= 5, String(times));
	});

	it('connects anew after the server closed an idle connection', async () => {
		await using server = await startScript();
		const client = clientOf(server);
		assert.equal((await client.send(aMail())).outcome, 'sent');
		server.cut();
		await until(() => server.connections.open === 0);
		await new Promise((resolve) => setTimeout(resolve, 50)); // the client's side of the reset
		assert.equal((await client.send(aMail())).outcome, 'sent');
		assert.equal(server.connections.total, 2);
		await client.close();
	});

	it('connects again after the last user left and another came', async () => {
		await using server = await startScript();
		const client = clientOf(server);
		client.acquire();
		client.acquire();
		assert.equal((await client.send(aMail())).outcome, 'sent');
		await client.release();
		assert.equal(server.connections.open, 1, 'somebody still uses it');
		await client.release();
		await until(() => server.connections.open === 0);
		await assert.rejects(client.release(), { code: 'INTERNAL' });
		client.acquire();
		assert.equal((await client.send(aMail())).outcome, 'sent');
		await client.release();
	});
});

describe('interruption', () => {
	const phases: [keyof ScriptedServer['script'], string, string][] = [
		['greeting', 'connecting', 'temporary'],
		['mail', 'naming the sender', 'temporary'],
		['data', 'asking for the transfer', 'temporary'],
		['dot', 'waiting for the answer', 'unknown'],
	];
	for (const [step, title, outcome] of phases) {
		it(`aborted while ${title}: ${outcome}, the connection is gone, the next mail is sent`, async () => {
			let reached = false;
			await using server = await startScript({
				[step]: (nth: number) => {
					reached = true;
					return nth > 1 ? ({ greeting: '220 lab', data: '354 Go' }[step as string] ?? '250 Ok') : 'stall';
				},
			});
			const client = clientOf(server);
			const abort = new AbortController();
			const sending = client.send(aMail(), { signal: abort.signal });
			await until(() => reached);
			abort.abort();
			assert.equal((await sending).outcome, outcome);
			await until(() => server.connections.open === 0);
			assert.equal((await client.send(aMail())).outcome, 'sent');
			await client.close();
		});
	}

	it('a mail that may not travel any more is given up before its first byte, and the next one is sent', async () => {
		await using server = await startScript({});
		const client = clientOf(server);
		const asked: number[] = [];
		const mayTravel = () => {
			asked.push(server.commands.filter((line) => line === 'DATA').length);
			return false;
		};
		assert.equal((await client.send(aMail(), { mayTravel })).outcome, 'temporary');
		assert.deepEqual(asked, [1], 'asked once, after the server was asked for the transfer');
		await until(() => server.connections.open === 0);
		assert.equal(server.mails.length, 0);
		assert.equal((await client.send(aMail(), { mayTravel: () => true })).outcome, 'sent');
		await client.close();
	});

	it('a mail that waits for a turn is given up at once', async () => {
		await using server = await startScript({ dot: 'stall' });
		const client = clientOf(server);
		const first = new AbortController();
		const second = new AbortController();
		let inData = false;
		const sending = client.send(aMail(), { signal: first.signal, onData: () => (inData = true) });
		const waiting = client.send(aMail(), { signal: second.signal });
		await until(() => inData);
		second.abort();
		assert.equal((await waiting).outcome, 'temporary');
		// Before the final dot has arrived the outcome would be known.
		await until(() => server.mails.length === 1);
		first.abort();
		assert.equal((await sending).outcome, 'unknown');
		assert.equal(server.connections.total, 1);
		await client.close();
	});

	it('closing lets a mail under way finish', async () => {
		await using server = await startScript({ dot: () => new Promise((r) => setTimeout(r, 300, '250 Ok')) });
		const client = clientOf(server);
		let inData = false;
		const sending = client.send(aMail(), { onData: () => (inData = true) });
		await until(() => inData);
		await client.close();
		assert.equal((await sending).outcome, 'sent');
	});

	it('closing ends a mail that hangs after 2 s and gives back those that wait', async () => {
		await using server = await startScript({ dot: 'stall' });
		const client = clientOf(server);
		const sending = client.send(aMail());
		const waiting = client.send(aMail());
		await until(() => server.mails.length === 1);
		const began = performance.now();
		await client.close();
		const took = performance.now() - began;
		assert.ok(took > 1_900 && took < 3_000, `${took} ms`);
		assert.equal((await sending).outcome, 'unknown');
		assert.equal((await waiting).outcome, 'temporary');
		assert.equal((await client.send(aMail())).outcome, 'temporary');
		await until(() => server.connections.open === 0);
	});
});

describe('secrets', () => {
	it('neither log nor result holds password or address, even when the server repeats them', async () => {
		const lines: string[] = [];
		const keep = (text: string) => void lines.push(text);
		await using server = await startScript({
			ehlo: '250-lab\n250 AUTH PLAIN',
			auth: `535 5.7.8 ${SECRET} is wrong for ventas@proveedor.test`,
		});
		const auth = { type: 'password', user: 'hub', pass: SECRET } as const;
		const client = clientOf(server, { auth, log: { debug: keep, info: keep, warn: keep, error: keep } });
		const result = await client.send(aMail());
		assert.equal(result.outcome, 'refused');
		const verified = await client.verify();
		const seen = lines.join('\n') + (result.outcome === 'refused' ? result.reason : '') + verified.text;
		assert.ok(lines.length > 0);
		assert.ok(!seen.includes(SECRET) && !seen.includes('@'), seen);
		await client.close();
	});
});
