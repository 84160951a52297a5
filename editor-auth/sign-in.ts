/** The sign-in's own paths, below `/clinic-hub/auth/`: to Keycloak, back from it, and out. */

import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audit } from '../lib/audit.ts';
import { toHubError } from '../lib/errors.ts';
import { Attempts } from './attempts.ts';
import { type GateRequest, redirect } from './gate.ts';
import { failurePage, sendPage } from './pages.ts';
import type { EditorRealm, SignInStart, Vouched } from './realm.ts';
import { clientOf, cookieOf, ownPath } from './request.ts';
import { keyOf, type Session, type Sessions } from './session.ts';
import { type Language, languageOf, words } from './words.ts';

export interface SignInOptions {
	realm: EditorRealm;
	sessions: Sessions;
	/** Public address of the hub, without a path. */
	origin: string;
	/** Name of the session's cookie; a second one, `<name>-begun`, ties a sign-in to its browser. */
	cookie: string;
	/** Whom to ask for a role; null for the words of the language. */
	contact: string | null;
	trustedProxies: number;
	audit: Audit;
}

interface Begun extends Omit<SignInStart, 'url'> {
	/** Hash of the browser's cookie. */
	browser: string;
	to: string;
	at: number;
}

const PREFIX = '/clinic-hub/auth/';
/** A person may look for a telephone with the second factor; in ms. */
const BEGUN_MS = 10 * 60_000;
const MAX_BEGUN = 2_000;
/** Sign-ins from one address in a minute; a clinic behind one proxy address has a morning. */
const ATTEMPTS = { most: 300, windowMs: 60_000 };

export class SignIn {
	readonly #options: SignInOptions;
	readonly #begun = new Map<string, Begun>();
	readonly #attempts = new Attempts(ATTEMPTS.most, ATTEMPTS.windowMs);

	constructor(options: SignInOptions) {
		this.#options = options;
	}

	/** Answers what is its own; false for every other path. */
	readonly routes = (request: GateRequest, response: ServerResponse, path: string): boolean => {
		if (!path.startsWith(PREFIX) || request.method !== 'GET') return false;
		const query = new URLSearchParams((request.url ?? '').split('?').slice(1).join('?'));
		const language = languageOf(request.headers['accept-language']);
		const handlers: Record<string, () => void | Promise<void>> = {
			'sign-in': () => this.#begin(request, response, query, language),
			callback: () => this.#finish(request, response, language),
			'sign-out': () => this.#signOut(request, response),
			'signed-out': () => this.#signedOut(response, language),
			done: () => this.#done(response, language),
			session: () => this.#who(request, response),
		};
		const name = path.slice(PREFIX.length);
		const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
		if (!handler) return false;
		void Promise.resolve(handler()).catch((thrown) => {
			if (!response.headersSent) this.#failed(response, language, thrown);
		});
		return true;
	};

	async #begin(request: IncomingMessage, response: ServerResponse, query: URLSearchParams, language: Language) {
		const { realm, origin, trustedProxies, cookie } = this.#options;
		if (!this.#attempts.allow(clientOf(request, trustedProxies))) {
			const [title, text] = [words(language, 'tooManyTitle'), words(language, 'tooMany')];
			return sendPage(response, { status: 429, language, title, text });
		}
		const to = ownPath(query.get('to'));
		// The cookie and Keycloak's way back belong to one name of this server.
		if (request.headers.host !== new URL(origin).host)
			return redirect(response, `${origin}${PREFIX}sign-in?to=${encodeURIComponent(to)}`);
		await realm.probe();
		const start = await realm.begin({ language, again: query.get('again') === '1' });
		const brought = cookieOf(request, `${cookie}-begun`);
		// Tabs that sign in beside each other share the browser's cookie; one that was not given out here is replaced.
		const known = brought !== undefined && [...this.#begun.values()].some(({ browser }) => browser === keyOf(brought));
		const secret = known ? brought : randomBytes(32).toString('base64url');
		const { url, ...kept } = start;
		this.#sweep();
		this.#begun.set(start.state, { ...kept, browser: keyOf(secret), to, at: Date.now() });
		redirect(response, url.href, [this.#cookie(`${cookie}-begun`, secret, BEGUN_MS)]);
	}

	async #finish(request: IncomingMessage, response: ServerResponse, language: Language) {
		const { realm, cookie, audit } = this.#options;
		const search = (request.url ?? '').split('?').slice(1).join('?');
		const query = new URLSearchParams(search);
		const state = query.get('state') ?? '';
		const begun = this.#begun.get(state);
		const browser = cookieOf(request, `${cookie}-begun`);
		// Once only, whatever comes of it.
		const own = begun !== undefined && browser !== undefined && begun.browser === keyOf(browser);
		if (own) this.#begun.delete(state);
		if (!own || Date.now() - begun.at > BEGUN_MS) {
			const [title, text] = [words(language, 'endedTitle'), words(language, 'ended')];
			return sendPage(response, { status: 400, language, title, text, button: this.#again(language) });
		}
		if (query.get('error') === 'access_denied') {
			const [title, text] = [words(language, 'cancelledTitle'), words(language, 'cancelled')];
			return sendPage(response, { status: 403, language, title, text, button: this.#again(language) });
		}
		let vouched: Vouched;
		try {
			vouched = await realm.finish(search, begun);
		} catch (thrown) {
			audit({ action: 'editor.sign-in', actor: 'unknown', subject: 'editor', outcome: 'failed' });
			return this.#failed(response, language, thrown);
		}
		if (vouched.roles.length === 0) return this.#withoutRole(response, language, vouched);
		const earlier = cookieOf(request, cookie);
		const { session, secret } = this.#options.sessions.start(vouched);
		if (earlier !== undefined) this.#options.sessions.end(keyOf(earlier), 'signedOut');
		const { username, roles } = session;
		audit({ action: 'editor.sign-in', actor: username, subject: 'editor', outcome: 'done', details: { roles } });
		redirect(response, begun.to, [this.#cookie(cookie, secret), this.#cookie(`${cookie}-begun`, '', 0)]);
	}

	#withoutRole(response: ServerResponse, language: Language, { username, name, subject }: Vouched): void {
		const { audit, contact } = this.#options;
		audit({ action: 'editor.sign-in', actor: username, subject: 'editor', outcome: 'refused', details: { subject } });
		const text = words(language, 'refused', { name, contact: contact ?? words(language, 'contact') });
		const button = { label: words(language, 'signInOther'), href: `${PREFIX}sign-in?again=1` };
		sendPage(response, { status: 403, language, title: words(language, 'refusedTitle'), text, button });
	}

	/** A link of another site may lead here; it then ends a session, which harms nobody and is shown. */
	#signOut(request: IncomingMessage, response: ServerResponse) {
		const { realm, sessions, cookie, origin, audit } = this.#options;
		const session = sessions.bySecret(cookieOf(request, cookie));
		const back = `${origin}${PREFIX}signed-out`;
		const gone = [this.#cookie(cookie, '', 0)];
		if (!session) return redirect(response, back, gone);
		sessions.end(session.key, 'signedOut');
		audit({ action: 'editor.sign-out', actor: session.username, subject: 'editor', outcome: 'done' });
		const to = session.keycloakSession === null ? back : realm.endSessionUrl(session.idToken, back).href;
		redirect(response, to, gone);
	}

	#signedOut(response: ServerResponse, language: Language): void {
		const [title, text] = [words(language, 'signedOutTitle'), words(language, 'signedOut')];
		const button = { label: words(language, 'signIn'), href: `${PREFIX}sign-in` };
		sendPage(response, { status: 200, language, title, text, button });
	}

	/** Where the window ends that the editor opens for signing in again without leaving its page. */
	#done(response: ServerResponse, language: Language): void {
		const [title, text] = [words(language, 'doneTitle'), words(language, 'done')];
		sendPage(response, { status: 200, language, title, text, closes: true });
	}

	/** For the editor's own script: whether the browser is still signed in, and as whom. */
	#who(request: IncomingMessage, response: ServerResponse): void {
		const session: Session | undefined = this.#options.sessions.bySecret(
			cookieOf(request, this.#options.cookie),
			false,
		);
		const who = session ? { username: session.username, name: session.name, roles: session.roles } : null;
		response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
		response.end(JSON.stringify({ session: who }));
	}

	#failed(response: ServerResponse, language: Language, thrown: unknown): void {
		const { code, message } = toHubError(thrown);
		sendPage(response, failurePage(language, code, message, `${PREFIX}sign-in`));
	}

	#again(language: Language): { label: string; href: string } {
		return { label: words(language, 'signIn'), href: `${PREFIX}sign-in` };
	}

	#cookie(name: string, value: string, maxAgeMs?: number): string {
		const secure = this.#options.origin.startsWith('https:') ? '; Secure' : '';
		const age = maxAgeMs === undefined ? '' : `; Max-Age=${Math.floor(maxAgeMs / 1_000)}`;
		return `${name}=${value}; Path=/; HttpOnly; SameSite=Lax${secure}${age}`;
	}

	#sweep(): void {
		const since = Date.now() - BEGUN_MS;
		for (const [state, { at }] of this.#begun) {
			if (at > since && this.#begun.size < MAX_BEGUN) break;
			this.#begun.delete(state);
		}
	}
}
