/** The one local administrator, for the days on which Keycloak cannot be used: a password whose hash is configured. */

import type { ServerResponse } from 'node:http';
import { compare } from 'bcryptjs';
import type { Audit } from '../lib/audit.ts';
import { Attempts } from './attempts.ts';
import { formOf } from './body.ts';
import { type GateRequest, redirect, refuse } from './gate.ts';
import { sendPage } from './pages.ts';
import { clientOf, isOwnPage } from './request.ts';
import type { Sessions } from './session.ts';
import { languageOf, words } from './words.ts';

export interface BreakGlassOptions {
	/** Of bcrypt, as `node-red admin hash-pw` gives it. */
	hash: string;
	sessions: Sessions;
	origin: string;
	cookie: string;
	trustedProxies: number;
	audit: Audit;
	/** After each use: a person is told. */
	onUse: () => void;
}

const PATH = '/clinic-hub/auth/emergency';
const USER = 'emergency';
const MAX_BYTES = 4_096;
const PER_ADDRESS = { most: 5, windowMs: 60_000 };
/** From all addresses together, so that many of them do not help either. */
const ALL = { most: 20, windowMs: 60_000 };

export class BreakGlass {
	readonly #options: BreakGlassOptions;
	readonly #perAddress = new Attempts(PER_ADDRESS.most, PER_ADDRESS.windowMs);
	readonly #all = new Attempts(ALL.most, ALL.windowMs);

	constructor(options: BreakGlassOptions) {
		this.#options = options;
	}

	readonly routes = (request: GateRequest, response: ServerResponse, path: string): boolean => {
		if (path !== PATH) return false;
		if (request.method === 'GET') this.#form(request, response, 200);
		else if (request.method === 'POST') {
			void this.#check(request, response).catch(() => {
				if (!response.headersSent) this.#form(request, response, 403);
			});
		} else refuse(response, 405, 'METHOD', 'This page takes GET and POST.');
		return true;
	};

	#form(request: GateRequest, response: ServerResponse, status: 200 | 403 | 429): void {
		const language = languageOf(request.headers['accept-language']);
		const text = words(language, status === 200 ? 'emergency' : status === 403 ? 'emergencyWrong' : 'tooMany');
		const form = { action: PATH, label: words(language, 'password'), button: words(language, 'signIn') };
		sendPage(response, { status, language, title: words(language, 'emergencyTitle'), text, form });
	}

	async #check(request: GateRequest, response: ServerResponse): Promise<void> {
		const { hash, sessions, origin, cookie, trustedProxies, audit, onUse } = this.#options;
		if (!isOwnPage(request, origin))
			return refuse(response, 403, 'FORBIDDEN', 'Open the page of the emergency access.');
		const client = clientOf(request, trustedProxies);
		if (!this.#perAddress.allow(client) || !this.#all.allow('')) return this.#form(request, response, 429);
		const password = (await formOf(request, MAX_BYTES))?.get('password') ?? '';
		const right = password !== '' && Buffer.byteLength(password) <= 72 && (await compare(password, hash));
		audit({ action: 'editor.emergency', actor: USER, subject: client, outcome: right ? 'done' : 'refused' });
		if (!right) return this.#form(request, response, 403);
		onUse();
		const { secret } = sessions.start({
			subject: `local:${USER}`,
			keycloakSession: null,
			username: USER,
			name: USER,
			roles: ['hub-admin'],
			refreshToken: null,
			idToken: null,
		});
		const secure = origin.startsWith('https:') ? '; Secure' : '';
		redirect(response, '/', [`${cookie}=${secret}; Path=/; HttpOnly; SameSite=Lax${secure}`]);
	}
}
