/** A consent on a workstation: the browser comes back to a port of this machine (RFC 8252, 7.3). For a client of type "Desktop app". */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HubError } from '../errors.ts';
import { type Consent, ConsentDesk, type ConsentRequest } from './consent.ts';

export interface LoopbackConsent extends Pick<ConsentRequest, 'client' | 'apiUrl' | 'consentUrl' | 'language'> {
	/** Shows the person the address of Google's page, or opens it. */
	open: (page: string) => void;
	signal?: AbortSignal;
	/** In ms. Default ten minutes. */
	timeoutMs?: number;
}

const TIMEOUT_MS = 10 * 60_000;

const DONE = {
	en: 'Google Drive is connected. You may close this page.',
	es: 'Google Drive está conectado. Puede cerrar esta página.',
};

/**
 * Waits until the person has clicked. The browser that is sent to Google first is the one that must come back.
 * @throws HubError TIMEOUT, CANCELLED, and what `ConsentDesk.finish` throws
 */
export async function consentOnLoopback(request: LoopbackConsent): Promise<Consent> {
	const { open, signal, timeoutMs = TIMEOUT_MS, language = 'en', ...rest } = request;
	const desk = new ConsentDesk();
	const browser = randomBytes(24).toString('base64url');
	const server = createServer();
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	const page = desk.begin({ ...rest, redirectUri: `${origin}/`, browser, language });
	const end = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
	try {
		return await new Promise<Consent>((resolve, reject) => {
			const stop = () =>
				reject(
					signal?.aborted
						? new HubError('CANCELLED', 'Connecting Google Drive was cancelled.')
						: new HubError('TIMEOUT', 'Nobody consented in time. Connect again.'),
				);
			if (end.aborted) stop();
			end.addEventListener('abort', stop, { once: true });
			server.on('request', (incoming, response) => {
				const { pathname, searchParams: query } = new URL(incoming.url ?? '/', origin);
				const [state, code, error] = [query.get('state'), query.get('code'), query.get('error')];
				const cookie = /(?:^|;\s*)consent=([\w-]+)/.exec(incoming.headers.cookie ?? '')?.[1] ?? null;
				if (pathname === '/start') {
					const kept = `consent=${browser}; HttpOnly; SameSite=Lax; Path=/`;
					return response.writeHead(302, { location: page, 'set-cookie': kept }).end();
				}
				if (pathname !== '/' || state === null) return response.writeHead(404).end();
				const say = (status: number, text: string) =>
					response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' }).end(text);
				desk.finish({ state, code, error, browser: cookie }, signal).then(
					(consent) => {
						say(200, DONE[language]);
						resolve(consent);
					},
					(thrown: unknown) => {
						say(400, thrown instanceof HubError ? thrown.message : 'Error');
						reject(thrown);
					},
				);
			});
			open(`${origin}/start`);
		});
	} finally {
		server.close();
		server.closeIdleConnections();
		// The page that says how it ended is on its way still; a second is enough for it.
		setTimeout(() => server.closeAllConnections(), 1_000).unref();
	}
}
