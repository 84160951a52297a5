/**
 * The door in front of everything that the hub serves: pages, REST, dashboards, HTTP-in routes, websockets. Closed unless a
 * session, a machine's token or the list of open paths opens it.
 */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Machines } from './machines.ts';
import { sendPage } from './pages.ts';
import { cookieOf, isNavigation, isOwnPage, pathOf } from './request.ts';
import { may, permissionsOf, type Role } from './roles.ts';
import type { Session, Sessions } from './session.ts';
import { languageOf, words } from './words.ts';

/** What Node-RED, nodes and flows are told of who acts. */
export interface Actor {
	username: string;
	name: string;
	roles: readonly Role[];
	permissions: string[];
}

export type GateRequest = IncomingMessage & { originalUrl?: string; user?: Actor };
export type Next = () => void;

export interface GateOptions {
	/** `https://hub.example`: where browsers reach the hub. */
	origin: string;
	/** Name of the cookie. */
	cookie: string;
	/** Open to everybody: whole paths, or beginnings that end in `/*`. */
	openPaths: readonly string[];
	sessions: Sessions;
	machines: Machines;
	/** Answers the sign-in's own paths; false for all others. */
	routes: (request: GateRequest, response: ServerResponse, path: string) => boolean;
	/** False until the store has given the sessions of the last run. */
	ready: () => boolean;
	/** Sets headers that every answer has. */
	headers: (response: ServerResponse) => void;
}

/** Carries the session's key to Node-RED's own check; whatever comes from outside under that name is removed. */
export const KEY_HEADER = 'x-clinic-hub-session';

/** Asked for by the editor's pages without anybody's doing. */
const POLLED = new Set(['/clinic-hub/overview']);
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

export class Gate {
	readonly #options: GateOptions;
	readonly #open: RegExp;

	constructor(options: GateOptions) {
		this.#options = options;
		this.#open = openPattern(options.openPaths);
	}

	/** To be used before all other handlers; a request that passed once passes again. */
	readonly middleware = (request: GateRequest, response: ServerResponse, next: Next) => {
		if (passed.has(request)) return next();
		passed.add(request);
		delete request.headers[KEY_HEADER];
		this.#options.headers(response);
		const path = pathOf(request);
		if (path === undefined) return refuse(response, 400, 'BAD_REQUEST', 'This address is not well formed.');
		if (this.#options.routes(request, response, path)) return;
		if (this.isOpen(path)) return next();
		if (!this.#options.ready()) return starting(request, response);
		const bearer = bearerOf(request);
		if (bearer !== undefined) return void this.#machine(request, response, next, bearer);
		this.#person(request, response, next, path);
	};

	isOpen(path: string): boolean {
		return this.#open.test(path) && !path.includes('..') && !path.includes('//');
	}

	/** The session of a request, if there is one that holds. */
	sessionOf(request: IncomingMessage, isUse = true): Session | undefined {
		return this.#options.sessions.bySecret(cookieOf(request, this.#options.cookie), isUse);
	}

	/** For Node-RED: who has that key, by the roles of this moment. */
	actor(key: unknown): Actor | null {
		if (typeof key !== 'string') return null;
		const session = this.#options.sessions.byKey(key);
		return session ? actorOf(session) : this.#options.machines.actor(key);
	}

	#person(request: GateRequest, response: ServerResponse, next: Next, path: string) {
		const { origin } = this.#options;
		if (isNavigation(request) && request.headers.host !== new URL(origin).host)
			return redirect(response, new URL(request.url ?? '/', origin).href);
		const session = this.sessionOf(request, !POLLED.has(path));
		if (!session) {
			if (isNavigation(request))
				return redirect(response, `/clinic-hub/auth/sign-in?to=${encodeURIComponent(request.url ?? '/')}`);
			return refuse(response, 401, 'SIGN_IN', 'You are not signed in, or no longer.');
		}
		if (!SAFE_METHODS.has(request.method ?? '') && !isOwnPage(request, origin))
			return refuse(response, 403, 'FORBIDDEN', 'This request does not come from a page of the hub.');
		if (path === '/auth/revoke') return void this.#signOut(session, response);
		request.headers[KEY_HEADER] = session.key;
		delete request.headers.authorization;
		request.user = actorOf(session);
		next();
	}

	/** Node-RED's menu "Log out" posts here. */
	#signOut(session: Session, response: ServerResponse): void {
		json(response, 200, { redirect: `/clinic-hub/auth/sign-out?key=${session.key.slice(0, 8)}` });
	}

	async #machine(request: GateRequest, response: ServerResponse, next: Next, token: string): Promise<void> {
		const key = await this.#options.machines.admit(token);
		const actor = key === null ? null : this.#options.machines.actor(key);
		if (key === null || !actor) return refuse(response, 401, 'TOKEN', 'This token does not hold here.');
		request.headers[KEY_HEADER] = key;
		delete request.headers.authorization;
		request.user = actor;
		next();
	}
}

/** Requests that this process has let through already: the editor's and the flows' servers ask the same gate. */
const passed = new WeakSet<IncomingMessage>();

export function actorOf({ username, name, roles }: Pick<Session, 'username' | 'name' | 'roles'>): Actor {
	return { username, name, roles, permissions: permissionsOf(roles) };
}

/** Debug messages hold what flows work on: only who may see that gets them. */
export function maySeeDebug(roles: readonly Role[]): boolean {
	return may(roles, 'debug.read');
}

export function refuse(response: ServerResponse, status: number, code: string, message: string): void {
	json(response, status, { code, message });
}

function json(response: ServerResponse, status: number, body: object): void {
	response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' });
	response.end(JSON.stringify(body));
}

export function redirect(response: ServerResponse, to: string, cookies: readonly string[] = []): void {
	response.writeHead(302, {
		location: to,
		'cache-control': 'no-store',
		'referrer-policy': 'no-referrer',
		...(cookies.length > 0 ? { 'set-cookie': [...cookies] } : {}),
	});
	response.end();
}

function starting(request: IncomingMessage, response: ServerResponse) {
	if (!isNavigation(request)) return refuse(response, 503, 'STARTING', 'The hub is starting: ask again in a moment.');
	const language = languageOf(request.headers['accept-language']);
	const [title, text] = [words(language, 'startingTitle'), words(language, 'starting')];
	sendPage(response, { status: 503, language, title, text, retry: { seconds: 2 } });
}

function bearerOf(request: IncomingMessage): string | undefined {
	return /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
}

function openPattern(paths: readonly string[]): RegExp {
	const one = (path: string) => {
		const [whole = ''] = path.split('/*', 1);
		const text = whole.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
		return path.endsWith('/*') ? `${text}(?:/.*)?` : text;
	};
	return new RegExp(`^(?:${['(?!)', ...paths.map(one)].join('|')})$`);
}
