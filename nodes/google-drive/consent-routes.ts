/**
 * Consent in the editor. A signed-in person begins it and gets a cookie that no script reads; Google sends the browser
 * back to a page that needs no sign-in, and only the state and that cookie together, once, are a consent.
 */

import { randomBytes } from 'node:crypto';
import { storeConsent, storedConsent } from '../../lib/backup/drive-account.ts';
import { ConsentDesk } from '../../lib/drive/consent.ts';
import { redirectProblem } from '../../lib/drive/redirect.ts';
import { HubError, toHubError } from '../../lib/errors.ts';
import { adminRoute, type RouteRequest, textOf } from '../runtime/admin-route.ts';
import { hubOf } from '../runtime/hub.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { openPage, type PageAnswer, type PageRequest } from '../runtime/open-page.ts';
import { readScreen } from '../runtime/screen.ts';
import { replaceVariables } from '../runtime/variables.ts';
import { consents } from './account.ts';
import { apiUrl, driveNode } from './config.ts';
import { CONSENT_WORDS, type Language, refusalWords } from './consent-words.ts';

/** Below the editor's root; registered at Google with what stands before it. */
const RETURN_PATH = 'google-drive/return';
const COOKIE = 'clinic-hub-consent';
/** As long as the state is good for, in s. */
const COOKIE_LIFE_S = 600;
/** Told to open dialogs: `clinic-hub/google-drive/<node id>`. */
const TOPIC = 'clinic-hub/google-drive';
/** Of who began a consent; as many as may wait at the same time. */
const MOST_BEGUN = 100;

/** What the dialog shows before anybody clicks. */
export interface ConsentState {
	connected: boolean;
	/** ms since 1970; only where Google said that the consent ends. */
	expiresAt?: number;
	/** Why Google will refuse the redirect address. */
	problem?: { en: string; es: string };
}

/** Told to the dialog when the browser is back. */
export interface ConsentEnd {
	ok: boolean;
	/** Why not, in the language of the dialog. */
	text?: string;
}

interface Begun {
	node: string;
	actor: string;
	language: Language;
	/** Attributes of the cookie. */
	place: string;
}

/** Adds the routes and the page. Call once in a node file. */
export function defineConsent(RED: NodeAPI): void {
	const desk = new ConsentDesk();
	/** By the value of the cookie. */
	const begun = new Map<string, Begun>();
	adminRoute(RED, {
		method: 'post',
		path: 'google-drive/state',
		permission: 'flows.write',
		handle: (request) => state(RED, request),
	});
	adminRoute(RED, {
		method: 'post',
		path: 'google-drive/connect',
		// It gives the hub an account of Google: an administrator's right, beside the one to deploy.
		permission: ['flows.write', 'clinic-hub.drive.connect'],
		handle: (request) => begin(RED, desk, begun, request),
	});
	openPage(RED, { path: RETURN_PATH, handle: (request) => finish(RED, desk, begun, request) });
}

async function state(RED: NodeAPI, { body }: RouteRequest): Promise<ConsentState> {
	const { clientId } = replaceVariables(RED, { clientId: textOf(body['clientId']) }, textOf(body['id']));
	const problem = redirectProblem(textOf(body['redirectUri']))?.text;
	const consent = clientId ? await storedConsent(await consents(hubOf(RED)), String(clientId)) : undefined;
	return {
		connected: consent !== undefined,
		...(consent?.expiresAt === undefined ? {} : { expiresAt: consent.expiresAt }),
		...(problem ? { problem } : {}),
	};
}

async function begin(
	RED: NodeAPI,
	desk: ConsentDesk,
	begun: Map<string, Begun>,
	{ body, actor, setCookie }: RouteRequest,
): Promise<{ page: string }> {
	const screen = readScreen(RED, driveNode, body);
	if (!('config' in screen)) {
		throw new HubError('CONFIG_INVALID', 'Fill in client id and client secret, then connect.');
	}
	const { clientId, accountType } = screen.config;
	const { clientSecret } = screen.secrets;
	if (accountType !== 'consent' || !clientId || !clientSecret) {
		throw new HubError('CONFIG_INVALID', 'A service account needs no consent.');
	}
	const redirectUri = textOf(body['redirectUri']);
	const { pathname, protocol } = URL.canParse(redirectUri) ? new URL(redirectUri) : { pathname: '', protocol: '' };
	if (!pathname.endsWith(`/clinic-hub/${RETURN_PATH}`)) {
		throw new HubError('CONFIG_INVALID', 'The redirect address is not that of this editor.');
	}
	const language: Language = body['language'] === 'es' ? 'es' : 'en';
	const browser = randomBytes(24).toString('base64url');
	const client = { id: clientId, secret: clientSecret };
	const page = desk.begin({ client, redirectUri, browser, language, ...apiUrl() });
	// Lax: Google's redirect is a navigation from another site, and comes as GET.
	const place = `Path=${pathname}; HttpOnly; SameSite=Lax${protocol === 'https:' ? '; Secure' : ''}`;
	for (const old of [...begun.keys()].slice(0, -MOST_BEGUN + 1)) begun.delete(old);
	begun.set(browser, { node: textOf(body['id']), actor, language, place });
	setCookie(`${COOKIE}=${browser}; Max-Age=${COOKIE_LIFE_S}; ${place}`);
	return { page };
}

async function finish(
	RED: NodeAPI,
	desk: ConsentDesk,
	begun: Map<string, Begun>,
	{ query, cookie, signal }: PageRequest,
): Promise<PageAnswer> {
	const browser = cookie(COOKIE);
	const attempt = begun.get(browser ?? '');
	begun.delete(browser ?? '');
	const hub = hubOf(RED);
	const language = attempt?.language ?? 'es';
	const words = CONSENT_WORDS[language];
	const spent = attempt ? { cookie: `${COOKIE}=; Max-Age=0; ${attempt.place}` } : {};
	const tell = (end: ConsentEnd) => attempt && RED.comms.publish(`${TOPIC}/${attempt.node}`, end, false);
	const record = (outcome: 'done' | 'failed', details: Record<string, unknown> = {}) =>
		attempt && hub.audit({ action: 'drive.connect', actor: attempt.actor, subject: attempt.node, outcome, details });
	const text = (name: string) => (typeof query[name] === 'string' ? query[name] : null);
	try {
		const returned = { state: text('state'), code: text('code'), error: text('error'), browser };
		const consent = await desk.finish(returned, signal);
		await storeConsent(await consents(hub), consent);
		record('done');
		tell({ ok: true });
		return { status: 200, language, title: words.done, text: words.close, ...spent };
	} catch (thrown) {
		const error = toHubError(thrown);
		if (error.code === 'INTERNAL') hub.log.error(String((thrown as Error)?.stack ?? thrown));
		record('failed', { code: error.code });
		const why = refusalWords(language, error, attempt !== undefined && text('error') === 'access_denied');
		tell({ ok: false, text: why });
		return { status: 400, language, title: words.failed, text: why, ...spent };
	}
}
