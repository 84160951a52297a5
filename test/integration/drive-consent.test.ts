/** That a consent for Google Drive works once, in one browser, for what was asked. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PERSON } from '../../lab/drive/clinic.ts';
import { openDrive } from '../../lib/drive/client.ts';
import { ConsentDesk, type ConsentReturn } from '../../lib/drive/consent.ts';
import { ownFolder } from '../../lib/drive/folder.ts';
import { consentOnLoopback } from '../../lib/drive/loopback-consent.ts';
import { SCOPES } from '../../lib/drive/scopes.ts';
import { type DriveServer, startDrive } from '../servers/drive.ts';

const BROWSER = 'a-cookie-of-this-browser-only';

/** What a person does on Google's page. */
interface Clicks {
	decision?: 'allow' | 'deny';
	account?: string;
	granted?: string[];
}

/** Opens the page as a browser would, fills its form, and gives the address that it is sent back to. */
async function click(page: string, { decision = 'allow', account = PERSON, granted = [SCOPES.own] }: Clicks = {}) {
	const shown = await fetch(page, { redirect: 'manual' });
	const html = await shown.text();
	if (shown.status !== 200) return { status: shown.status, html };
	const form = new URLSearchParams();
	for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
		form.append(name, value.replaceAll('&amp;', '&'));
	}
	form.set('decision', decision);
	form.set('account', account);
	for (const scope of granted) form.append('granted', scope);
	const url = new URL('/o/oauth2/v2/auth', page);
	const answer = await fetch(url, { method: 'POST', body: form, redirect: 'manual' });
	const back = answer.headers.get('location');
	return back ? { back: new URL(back) } : { status: answer.status, html: await answer.text() };
}

function returned(back: URL | undefined, browser: string | null = BROWSER): ConsentReturn {
	const query = back?.searchParams ?? new URLSearchParams();
	return { state: query.get('state'), code: query.get('code'), error: query.get('error'), browser };
}

function requestFor({ google, url }: DriveServer, redirectUri = google.web.redirects[0] ?? '') {
	const { id, secret } = google.web;
	return { client: { id, secret }, redirectUri, browser: BROWSER, apiUrl: url, language: 'es' as const };
}

describe('a consent', () => {
	it('gives a refresh token for the files of the hub, with which it works', async () => {
		await using server = await startDrive();
		const desk = new ConsentDesk();
		const page = desk.begin(requestFor(server));
		const asked = new URL(page).searchParams;
		assert.deepEqual(
			[asked.get('scope'), asked.get('code_challenge_method'), asked.get('access_type'), asked.get('hl')],
			[SCOPES.own, 'S256', 'offline', 'es'],
		);
		const { back } = await click(page);
		assert.equal(`${back?.origin}${back?.pathname}`, 'http://localhost:1880/callback');
		const consent = await desk.finish(returned(back));
		assert.deepEqual([consent.kind, consent.scope, consent.expiresAt], ['consent', SCOPES.own, undefined]);
		const client = await openDrive({ account: consent, apiUrl: server.url });
		assert.equal((await ownFolder(client, 'Respaldos')).name, 'Respaldos');
	});

	it('is worth nothing the second time', async () => {
		await using server = await startDrive();
		const desk = new ConsentDesk();
		const { back } = await click(desk.begin(requestFor(server)));
		await desk.finish(returned(back));
		await assert.rejects(desk.finish(returned(back)), { code: 'DRIVE_CONSENT_REFUSED', message: /used already/ });
	});

	it('is worth nothing with a state that nobody asked for', async () => {
		await using server = await startDrive();
		const desk = new ConsentDesk();
		desk.begin(requestFor(server));
		const forged = { state: 'forged', code: '4/0x', error: null, browser: BROWSER };
		await assert.rejects(desk.finish(forged), { code: 'DRIVE_CONSENT_REFUSED', message: /not asked for here/ });
		await assert.rejects(desk.finish({ ...forged, state: null }), { code: 'DRIVE_CONSENT_REFUSED' });
	});

	it('is worth nothing in another browser, nor afterwards in the right one', async () => {
		await using server = await startDrive();
		const desk = new ConsentDesk();
		const { back } = await click(desk.begin(requestFor(server)));
		const stranger = desk.finish(returned(back, 'a-cookie-of-another-browser'));
		await assert.rejects(stranger, { code: 'DRIVE_CONSENT_REFUSED', message: /another browser/ });
		await assert.rejects(desk.finish(returned(back)), { code: 'DRIVE_CONSENT_REFUSED' });
		assert.equal(server.drive.tokens.given, 0);
	});

	it('is worth nothing after ten minutes', async () => {
		await using server = await startDrive();
		let now = Date.now();
		const desk = new ConsentDesk(() => now);
		const { back } = await click(desk.begin(requestFor(server)));
		now += 10 * 60_000;
		await assert.rejects(desk.finish(returned(back)), { code: 'DRIVE_CONSENT_REFUSED', message: /ten minutes/ });
	});

	it('that was denied is said in words', async () => {
		await using server = await startDrive();
		const desk = new ConsentDesk();
		const { back } = await click(desk.begin(requestFor(server)), { decision: 'deny' });
		await assert.rejects(desk.finish(returned(back)), {
			code: 'DRIVE_CONSENT_REFUSED',
			message: 'The consent was denied. Connect again and choose “Continue”.',
		});
	});

	it('for something else than the files of the hub is refused', async () => {
		await using server = await startDrive();
		const desk = new ConsentDesk();
		const page = new URL(desk.begin(requestFor(server)));
		page.searchParams.set('scope', 'openid email');
		const { back } = await click(page.href, { granted: ['email'] });
		await assert.rejects(desk.finish(returned(back)), { code: 'DRIVE_CONSENT', message: /was not ticked/ });
	});

	it('whose code was intercepted is worth nothing without the verifier', async () => {
		await using server = await startDrive();
		const { back } = await click(new ConsentDesk().begin(requestFor(server)));
		const { id, secret, redirects } = server.google.web;
		const form = { grant_type: 'authorization_code', client_id: id, client_secret: secret };
		const code = back?.searchParams.get('code') ?? '';
		for (const verifier of [{}, { code_verifier: 'x'.repeat(64) }]) {
			const { back: other } = await click(new ConsentDesk().begin(requestFor(server)));
			const body = new URLSearchParams({
				...form,
				code: other?.searchParams.get('code') ?? code,
				redirect_uri: redirects[0] ?? '',
				...verifier,
			});
			const answer = await fetch(`${server.url}/token`, { method: 'POST', body });
			assert.equal(answer.status, 400);
			assert.match(await answer.text(), /invalid_grant.*code verifier/);
		}
	});

	it('of an application in testing says when it ends, and ends then', async () => {
		await using server = await startDrive();
		for (const client of server.drive.records.world.clients)
			Object.assign(client, { publishing: 'testing', testers: [PERSON] });
		const desk = new ConsentDesk();
		const consent = await desk.finish(returned((await click(desk.begin(requestFor(server)))).back));
		const days = ((consent.expiresAt ?? 0) - Date.now()) / 86_400_000;
		assert.ok(days > 6.9 && days <= 7, `${days} days`);
		server.drive.records.now = () => Date.now() + 8 * 86_400_000;
		const client = await openDrive({ account: consent, apiUrl: server.url });
		await assert.rejects(ownFolder(client, 'Respaldos'), { code: 'DRIVE_CONSENT', message: /has expired/ });
		const stranger = await click(desk.begin(requestFor(server)), { account: 'ana.rojas@clinica.example' });
		assert.deepEqual([stranger.status, /access_denied/.test(stranger.html ?? '')], [403, true]);
	});

	it('fails with a wrong client, which is said in words', async () => {
		await using server = await startDrive();
		const desk = new ConsentDesk();
		const request = requestFor(server);
		const { back } = await click(desk.begin({ ...request, client: { id: request.client.id, secret: 'wrong' } }));
		await assert.rejects(desk.finish(returned(back)), {
			code: 'DRIVE_CREDENTIALS',
			message: /Compare client id and secret/,
		});
		const unknown = await click(desk.begin({ ...request, client: { id: 'nobody', secret: 'x' } }));
		assert.deepEqual([unknown.status, /invalid_client/.test(unknown.html ?? '')], [401, true]);
	});
});

describe('a redirect address that Google refuses', () => {
	const addresses: [string, RegExp][] = [
		['http://192.168.1.20:1880/callback', /an IP address/],
		['https://10.0.0.5/callback', /an IP address/],
		['https://nodered.local/callback', /this network only/],
		['https://nodered/callback', /this network only/],
		['https://hub.clinica.internal/callback', /this network only/],
		['http://hub.clinica.cl/callback', /without https/],
		['https://hub.clinica.cl/callback#x', /with #/],
		['callback', /no address/],
	];
	for (const [redirectUri, message] of addresses) {
		it(`is said beforehand: ${redirectUri}`, async () => {
			await using server = await startDrive();
			const request = requestFor(server, redirectUri);
			assert.throws(() => new ConsentDesk().begin(request), { code: 'CONFIG_INVALID', message });
			// And Google would have refused it, registered or not.
			for (const client of server.drive.records.world.clients) client.redirects.push(redirectUri);
			const page = new URL(new ConsentDesk().begin(requestFor(server)));
			page.searchParams.set('redirect_uri', redirectUri);
			const { status, html = '' } = await click(page.href);
			assert.deepEqual([status, /redirect_uri_mismatch|device_id and device_name/.test(html)], [400, true]);
		});
	}

	for (const redirectUri of ['http://localhost:1880/callback', 'https://hub.clinica.cl/callback']) {
		it(`is none when it is registered: ${redirectUri}`, async () => {
			await using server = await startDrive();
			const { back } = await click(new ConsentDesk().begin(requestFor(server, redirectUri)));
			assert.ok(back?.searchParams.get('code'));
		});
	}
});

describe('a consent on a workstation', () => {
	/** Follows the way of a browser, cookie included. */
	async function browse(start: string, clicks: Clicks = {}, withCookie = true): Promise<string> {
		const first = await fetch(start, { redirect: 'manual' });
		const { back } = await click(first.headers.get('location') ?? '', clicks);
		const cookie = withCookie ? (first.headers.get('set-cookie')?.split(';')[0] ?? '') : '';
		return (await fetch(back ?? start, { headers: { cookie } })).text();
	}
	const clientOf = ({ google: { desktop } }: DriveServer) => ({ id: desktop.id, secret: desktop.secret });

	it('comes back to a port of this machine', async () => {
		await using server = await startDrive();
		let said: Promise<string> | undefined;
		const consent = await consentOnLoopback({
			...{ client: clientOf(server), apiUrl: server.url, language: 'es' },
			open: (start) => {
				said = browse(start);
			},
		});
		assert.match((await said) ?? '', /Google Drive está conectado/);
		const client = await openDrive({ account: consent, apiUrl: server.url });
		assert.equal((await ownFolder(client, 'Respaldos')).name, 'Respaldos');
	});

	it('is refused when another browser comes back, when it was denied, and when nobody comes', async () => {
		await using server = await startDrive();
		const request = { client: clientOf(server), apiUrl: server.url };
		const stranger = consentOnLoopback({ ...request, open: (start) => void browse(start, {}, false) });
		await assert.rejects(stranger, { code: 'DRIVE_CONSENT_REFUSED', message: /another browser/ });
		const denied = consentOnLoopback({ ...request, open: (start) => void browse(start, { decision: 'deny' }) });
		await assert.rejects(denied, { code: 'DRIVE_CONSENT_REFUSED', message: /was denied/ });
		const nobody = consentOnLoopback({ ...request, open: () => {}, timeoutMs: 20 });
		await assert.rejects(nobody, { code: 'TIMEOUT' });
	});
});
