/**
 * The editor behind Keycloak, as `settings.ts` uses it. Settings come before anything of the hub runs; what needs the
 * store, the audit record and the server is handed over by `attach`, and until then everything stays closed.
 */

import type { Server } from 'node:http';
import type { Audit } from '../lib/audit.ts';
import { RealmReader } from '../lib/keycloak/reader.ts';
import type { Log } from '../lib/log.ts';
import type { Sealer } from '../lib/store/sealed.ts';
import type { Store } from '../lib/store/store.ts';
import { BackchannelLogout } from './backchannel.ts';
import { BreakGlass } from './break-glass.ts';
import { CommsGuard } from './comms-guard.ts';
import { type Actor, Gate, type GateRequest, KEY_HEADER, type Next } from './gate.ts';
import { securityHeaders } from './headers.ts';
import { keptSessions } from './kept-sessions.ts';
import { Machines } from './machines.ts';
import { EditorRealm } from './realm.ts';
import { Revocation } from './revocation.ts';
import { type SessionLimits, Sessions } from './session.ts';
import { SignIn } from './sign-in.ts';

export interface EditorAuthOptions {
	/** Public address of the hub. */
	url: string;
	issuer: string;
	internalUrl?: string | undefined;
	clientId: string;
	clientSecret: string;
	/** Reads Keycloak's events; without it an end is seen within minutes instead of seconds. */
	reader?: { clientId: string; clientSecret: string } | undefined;
	limits: SessionLimits;
	/** How long sessions hold while Keycloak cannot be asked, in ms. */
	graceMs: number;
	openPaths: readonly string[];
	contact: string | null;
	trustedProxies: number;
	breakGlassHash: string | null;
	cspAdditions: string;
}

/** What the running hub gives. */
export interface HubParts {
	server: Server;
	store: () => Promise<Store>;
	sealer: () => Sealer;
	audit: Audit;
	log: Log;
	/** Path of the editor's websocket. */
	commsPath: string;
	/** A person used the emergency access. */
	onEmergency: () => void;
}

export interface EditorAuth {
	/** For `adminAuth`. */
	adminAuth: { tokens: (key: unknown) => Promise<Actor | null>; tokenHeader: string; users: () => Promise<null> };
	/** For `httpAdminMiddleware` and `httpNodeAuth`. */
	middleware: (request: GateRequest, response: never, next: Next) => void;
	attach: (parts: HubParts) => void;
}

/** The hub's own nodes load within seconds; in ms. */
const ATTACH_MS = 180_000;
/** A store that cannot be opened is tried again, in ms. */
const STORE_RETRY_MS = 5_000;
/** Never behind the sign-in: for watchers, who are told a state and nothing else. */
const OWN_OPEN_PATHS = ['/health/live', '/health/ready'];

/** @throws HubError CONFIG_INVALID */
export function editorAuth(options: EditorAuthOptions): EditorAuth {
	const { origin } = new URL(options.url);
	const secure = origin.startsWith('https:');
	const cookie = secure ? '__Host-clinic-hub' : 'clinic-hub';
	const sessions = new Sessions(options.limits);
	const realm = new EditorRealm({ ...options, redirectUri: `${origin}/clinic-hub/auth/callback` });
	let parts: HubParts | undefined;
	let ready = false;
	const audit: Audit = (event) => parts?.audit(event);
	const { contact, trustedProxies, breakGlassHash: hash } = options;
	const common = { sessions, origin, cookie, trustedProxies, audit };
	const signIn = new SignIn({ ...common, realm, contact });
	const backchannel = new BackchannelLogout({ realm, sessions, audit });
	const emergency = hash ? new BreakGlass({ ...common, hash, onUse: () => parts?.onEmergency() }) : undefined;
	const gate = new Gate({
		origin,
		cookie,
		openPaths: [...OWN_OPEN_PATHS, ...options.openPaths],
		sessions,
		machines: new Machines(realm),
		routes: (request, response, path) =>
			ready &&
			(signIn.routes(request, response, path) ||
				backchannel.routes(request, response, path) ||
				(emergency?.routes(request, response, path) ?? false)),
		ready: () => ready,
		headers: securityHeaders({ origin, additions: options.cspAdditions }),
	});
	// Without the hub's own nodes nothing would guard the websockets: better no hub than an open one.
	const missing = setTimeout(() => {
		process.stderr.write('The nodes of the clinic hub were not loaded, so the editor cannot be guarded: ended.\n');
		process.exit(1);
	}, ATTACH_MS);
	missing.unref();

	const attach = (given: HubParts): void => {
		clearTimeout(missing);
		parts = given;
		new CommsGuard({ gate, sessions, origin, commsPath: given.commsPath }).install(given.server);
		const place = { issuer: options.issuer, realm: realmName(realm), internalUrl: options.internalUrl };
		const reader = options.reader ? new RealmReader({ ...place, ...options.reader, timeoutMs: 5_000 }) : undefined;
		const { log } = given;
		const revocation = new Revocation({ realm, reader, sessions, audit, log, graceMs: options.graceMs });
		const open = async (): Promise<void> => {
			try {
				await sessions.keepIn(await keptSessions(await given.store(), given.sealer(), log));
				ready = true;
				revocation.start();
			} catch (thrown) {
				log.error(`Nobody can sign in before the store is open: ${(thrown as Error).message}`);
				setTimeout(() => void open(), STORE_RETRY_MS).unref();
			}
		};
		void open();
	};

	return {
		// Both must answer null for anything but a known key, and never reject: Node-RED would end.
		adminAuth: { tokens: async (key) => gate.actor(key), tokenHeader: KEY_HEADER, users: async () => null },
		middleware: gate.middleware as EditorAuth['middleware'],
		attach,
	};
}

function realmName({ addresses }: EditorRealm): string {
	return decodeURIComponent(addresses.issuer.split('/').at(-1) ?? '');
}
