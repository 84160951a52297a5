/** What "Test connection" says, and that TLS, OAuth 2 and the proxy are what they claim to be. */
import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { type Authority, createAuthority, selfSigned } from '../../lab/certificates.ts';
import { freePort } from '../../lab/ports.ts';
import { type Script, type ScriptOptions, startScript } from '../../lab/smtp-script.ts';
import type { HubErrorCode } from '../../lib/errors.ts';
import { SmtpClient, type SmtpOptions } from '../../lib/smtp/client.ts';
import { aMail, SECRET } from '../mails.ts';
import { startHttp } from '../servers/http.ts';

const OPTIONS: Omit<SmtpOptions, 'port'> = {
	host: '127.0.0.1',
	security: 'none',
	pool: 1,
	from: { address: 'compras@clinica.test' },
};
const auth = { type: 'password', user: 'hub', pass: SECRET } as const;

let authority: Authority;
before(async () => {
	authority = await createAuthority();
});

describe('test of a connection', () => {
	async function verified(script: Script, options: Partial<SmtpOptions>, serverOptions: ScriptOptions = {}) {
		await using server = await startScript(script, serverOptions);
		const client = new SmtpClient({ ...OPTIONS, port: server.port, ...options });
		const result = await client.verify();
		assert.equal(server.mails.length, 0);
		assert.ok(!server.commands.some((line) => line.startsWith('MAIL')), 'nothing is sent');
		return result;
	}

	it('says that all is well, with and without signing in', async () => {
		assert.deepEqual(await verified({}, {}), { ok: true, text: 'Connected without encryption, without signing in.' });
		const signedIn = await verified({ ehlo: '250-lab\n250 AUTH PLAIN' }, { auth });
		assert.deepEqual(signedIn, { ok: true, text: 'Connected without encryption and signed in.' });
	});

	const words: [string, Script, Partial<SmtpOptions>, HubErrorCode, RegExp][] = [
		[
			'a wrong password',
			{ ehlo: '250-lab\n250 AUTH PLAIN', auth: '535 5.7.8 No' },
			{ auth },
			'SMTP_REFUSED',
			/credentials/,
		],
		['a greeting 554', { greeting: '554 5.7.1 Blocked' }, {}, 'SMTP_REFUSED', /turns this client away/],
		['a greeting 421', { greeting: '421 Busy' }, {}, 'SMTP_TEMPORARY', /try again later/],
		['missing STARTTLS', {}, { security: 'starttls' }, 'SMTP_REFUSED', /does not offer STARTTLS/],
		['TLS on a plain-text port', {}, { security: 'tls' }, 'SMTP_REFUSED', /choose STARTTLS/],
		[
			'an unknown host',
			{},
			{ host: 'no-such-host.invalid' },
			'SMTP_TEMPORARY',
			/not known \(DNS\)|DNS does not answer/,
		],
		['a drop', { greeting: 'drop' }, {}, 'SMTP_TEMPORARY', /ended/],
	];
	for (const [title, script, options, code, text] of words) {
		it(`says what ${title} is`, async () => {
			const result = await verified(script, options);
			assert.equal(result.ok, false);
			assert.equal(result.code, code);
			assert.match(result.text, text);
			assert.ok(!result.text.includes(SECRET));
		});
	}

	it('says that nobody listens', async () => {
		const result = await new SmtpClient({ ...OPTIONS, port: await freePort() }).verify();
		assert.equal(result.code, 'SMTP_TEMPORARY');
		assert.match(result.text, /refused: nothing listens/);
	});

	it('ends at once when it is cancelled', async () => {
		await using server = await startScript({ greeting: 'stall' });
		const abort = new AbortController();
		const verifying = new SmtpClient({ ...OPTIONS, port: server.port }).verify({ signal: abort.signal });
		setImmediate(() => abort.abort());
		assert.deepEqual(await verifying, { ok: false, text: 'The test was cancelled.', code: 'CANCELLED' });
	});
});

describe('certificates', () => {
	async function ends(security: 'tls' | 'starttls', cert: ScriptOptions['tls'], options: Partial<SmtpOptions> = {}) {
		await using server = await startScript({}, { ...(cert ? { tls: cert } : {}), implicitTls: security === 'tls' });
		const tls = { ca: authority.ca };
		const client = new SmtpClient({ ...OPTIONS, port: server.port, security, tls, ...options });
		const verification = await client.verify();
		const sent = await client.send(aMail());
		await client.close();
		const plain = server.commands.filter((line) => !/^(EHLO|STARTTLS)/.test(line));
		return { verification, sent, plain, mails: server.mails.length };
	}

	for (const security of ['tls', 'starttls'] as const) {
		it(`a certificate of a trusted authority for this host is taken (${security})`, async () => {
			const { verification, sent } = await ends(security, await authority.issue(['127.0.0.1']));
			assert.deepEqual(verification, { ok: true, text: 'Connected over TLS, without signing in.' });
			assert.equal(sent.outcome, 'sent');
		});

		const bad: [string, () => Promise<{ cert: string; key: string }>, RegExp, Partial<SmtpOptions>?][] = [
			['for another name', () => authority.issue(['other.test']), /another name/],
			['that has expired', () => authority.issue(['127.0.0.1'], -1), /expired/],
			['that is self-signed', () => selfSigned(['127.0.0.1']), /self-signed/],
			['of an unknown authority', () => authority.issue(['127.0.0.1']), /unknown/, { tls: {} }],
		];
		for (const [title, issue, words, options] of bad) {
			it(`a certificate ${title} is refused in words, and nothing is handed over (${security})`, async () => {
				const { verification, sent, plain, mails } = await ends(security, await issue(), options);
				assert.equal(verification.code, 'SMTP_REFUSED');
				assert.match(verification.text, words);
				assert.equal(sent.outcome, 'refused');
				assert.deepEqual(plain, []);
				assert.equal(mails, 0);
			});
		}
	}
});

describe('options', () => {
	it('a password without TLS is refused except to this machine or when it is allowed', async () => {
		const remote = { ...OPTIONS, host: 'smtp.example.org', port: 25, auth };
		const client = new SmtpClient(remote);
		const verification = await client.verify();
		assert.equal(verification.code, 'CONFIG_INVALID');
		assert.match(verification.text, /password would cross the network readably/);
		assert.equal((await client.send(aMail())).outcome, 'refused');
		assert.deepEqual(new SmtpClient({ ...remote, allowPlaintextPassword: true }).faults, []);
		assert.deepEqual(new SmtpClient({ ...remote, security: 'starttls' }).faults, []);
		for (const host of ['localhost', '127.0.0.1', '127.3.2.1', '::1']) {
			assert.deepEqual(new SmtpClient({ ...remote, host }).faults, [], host);
		}
		assert.equal(new SmtpClient({ ...remote, host: '127.0.0.1.example.org' }).faults.length, 1);
	});

	it('each malformed option is named', () => {
		const { faults } = new SmtpClient({
			host: ' ',
			port: 0,
			security: 'tls',
			pool: 0,
			ratePerSecond: 0,
			from: { address: 'a@b.test, c@d.test' },
			clientName: 'x\r\ny',
			auth: { type: 'oauth2', user: 'u', clientId: 'c', clientSecret: 's', accessUrl: 'http://idp.example.org/token' },
		});
		assert.equal(faults.length, 7);
		for (const [at, words] of [/host/, /port/, /pool/, /rate/, /Sender/, /client name/, /https/].entries()) {
			assert.match(faults[at] ?? '', words);
		}
	});
});

describe('OAuth 2', () => {
	const OFFER = { ehlo: '250-lab\n250 AUTH XOAUTH2 PLAIN' };
	const token = (value: string, seconds = 3600) => ({
		body: JSON.stringify({ access_token: value, token_type: 'Bearer', expires_in: seconds }),
	});
	const oauth = (port: number, refreshToken?: string): NonNullable<SmtpOptions['auth']> => ({
		type: 'oauth2',
		user: 'compras@clinica.test',
		clientId: 'hub',
		clientSecret: SECRET,
		accessUrl: `http://127.0.0.1:${port}/token`,
		...(refreshToken ? { refreshToken } : {}),
	});
	const bearerOf = (line: string | undefined) =>
		/auth=Bearer ([\w-]+)/.exec(Buffer.from(line?.split(' ')[2] ?? '', 'base64').toString())?.[1];

	it('one token is fetched for all connections, and again when it runs out', async () => {
		await using endpoint = await startHttp(() => token(`token-${endpoint.requests.length}`, 60));
		await using server = await startScript({ ...OFFER, dot: () => new Promise((r) => setTimeout(r, 50, '250 Ok')) });
		const client = new SmtpClient({ ...OPTIONS, port: server.port, pool: 3, auth: oauth(endpoint.port, 'refresh-1') });
		const results = await Promise.all([client.send(aMail()), client.send(aMail()), client.send(aMail())]);
		assert.deepEqual(
			results.map(({ outcome }) => outcome),
			['sent', 'sent', 'sent'],
		);
		assert.equal(endpoint.requests.length, 1);
		const form = new URLSearchParams(endpoint.requests[0]?.body);
		assert.deepEqual(Object.fromEntries(form), {
			grant_type: 'refresh_token',
			refresh_token: 'refresh-1',
			client_id: 'hub',
			client_secret: SECRET,
		});
		const logins = server.commands.filter((line) => line.startsWith('AUTH XOAUTH2'));
		assert.deepEqual(logins.map(bearerOf), ['token-1', 'token-1', 'token-1']);
		await client.close();
		assert.ok((await client.verify()).ok);
		assert.equal(endpoint.requests.length, 2, 'a token that lives 60 s is not used again');
	});

	it('without a refresh token the client signs in for itself', async () => {
		await using endpoint = await startHttp(() => token('token-1'));
		await using server = await startScript(OFFER);
		const client = new SmtpClient({ ...OPTIONS, port: server.port, auth: oauth(endpoint.port) });
		assert.ok((await client.verify()).ok);
		assert.equal(new URLSearchParams(endpoint.requests[0]?.body).get('grant_type'), 'client_credentials');
	});

	it('a token that the server refuses is renewed once', async () => {
		await using endpoint = await startHttp(() => token(`token-${endpoint.requests.length}`));
		await using server = await startScript({ ...OFFER, auth: (nth) => (nth === 1 ? '334 e30=' : '235 Ok') });
		const client = new SmtpClient({ ...OPTIONS, port: server.port, auth: oauth(endpoint.port, 'r') });
		// The scripted server closes a refused XOAUTH2 with 535, as servers do after the client's empty answer.
		assert.ok((await client.verify()).ok);
		assert.equal(endpoint.requests.length, 2);
	});

	const failures: [string, { status: number; body: string } | 'stall', string, RegExp][] = [
		[
			'invalid_grant: the client is refused',
			{ status: 400, body: '{"error":"invalid_grant"}' },
			'refused',
			/invalid_grant/,
		],
		[
			'invalid_client: the client is refused',
			{ status: 401, body: '{"error":"invalid_client"}' },
			'refused',
			/invalid_client/,
		],
		['503: again later', { status: 503, body: '<html>' }, 'temporary', /HTTP 503/],
		['429: again later', { status: 429, body: '' }, 'temporary', /HTTP 429/],
		['a page instead of JSON: the client is refused', { status: 200, body: '<html>' }, 'refused', /HTTP 200/],
	];
	for (const [title, answer, outcome, words] of failures) {
		it(`token endpoint answers ${title}`, async () => {
			await using endpoint = await startHttp(() => answer);
			await using server = await startScript(OFFER);
			const client = new SmtpClient({ ...OPTIONS, port: server.port, auth: oauth(endpoint.port, 'r') });
			const result = await client.send(aMail());
			assert.equal(result.outcome, outcome, JSON.stringify(result));
			assert.match(result.outcome === 'sent' ? '' : result.reason, words);
			assert.ok(!JSON.stringify(result).includes(SECRET));
			await client.close();
		});
	}

	it('token endpoint down: again later', async () => {
		await using server = await startScript(OFFER);
		const client = new SmtpClient({ ...OPTIONS, port: server.port, auth: oauth(await freePort(), 'r') });
		const result = await client.send(aMail());
		assert.equal(result.outcome, 'temporary', JSON.stringify(result));
		await client.close();
	});
});

describe('proxy', () => {
	it('mail and test go through the tunnel of an HTTP proxy', async () => {
		await using proxy = await startHttp();
		await using server = await startScript();
		const client = new SmtpClient({ ...OPTIONS, port: server.port, proxy: `http://127.0.0.1:${proxy.port}` });
		assert.ok((await client.verify()).ok);
		assert.equal((await client.send(aMail())).outcome, 'sent');
		await client.close();
		assert.deepEqual(proxy.tunnels, [`127.0.0.1:${server.port}`, `127.0.0.1:${server.port}`]);
	});

	it('a proxy that is down: again later', async () => {
		const client = new SmtpClient({ ...OPTIONS, port: 25, proxy: `http://127.0.0.1:${await freePort()}` });
		assert.equal((await client.send(aMail())).outcome, 'temporary');
	});
});
