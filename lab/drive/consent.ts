/** Where a person lets an application into their Drive: checks the call as Google does, shows the page, sends the browser back. */
import { isIP } from 'node:net';
import { consentPage, refusalPage } from './consent-page.ts';
import type { Tokens } from './tokens.ts';
import type { Language } from './words.ts';
import type { OAuthClient, World } from './world.ts';

export type ConsentAnswer = { status: number; html: string } | { redirect: string };

/** A call that Google answers with a page, not with a redirect. */
class Refused {
	readonly status: number;
	readonly error: string;
	readonly text: string;

	constructor(status: number, error: string, text: string) {
		this.status = status;
		this.error = error;
		this.text = text;
	}
}

export interface Consents {
	world: World;
	tokens: Tokens;
}

/** The page; its form sends the same parameters to `decide`. */
export function ask({ world }: Consents, query: URLSearchParams, language: Language): ConsentAnswer {
	const checked = check(world, query);
	if (checked instanceof Refused) return refusal(checked, language);
	const { client, scopes } = checked;
	return { status: 200, html: consentPage({ client, scopes, users: world.users, query, language }) };
}

/** What follows from the person's click. */
export function decide({ world, tokens }: Consents, form: URLSearchParams, language: Language): ConsentAnswer {
	const checked = check(world, form);
	if (checked instanceof Refused) return refusal(checked, language);
	const { client, redirectUri } = checked;
	const back = new URL(redirectUri);
	const state = form.get('state');
	if (state !== null) back.searchParams.set('state', state);
	const granted = form.getAll('granted').filter((scope) => checked.scopes.includes(scope));
	if (form.get('decision') !== 'allow' || granted.length === 0) {
		back.searchParams.set('error', 'access_denied');
		return { redirect: back.href };
	}
	const account = form.get('account') ?? '';
	if (!world.users.some(({ email }) => email === account)) {
		return refusal(new Refused(400, 'invalid_request', 'No such account.'), language);
	}
	if (client.publishing === 'testing' && !client.testers?.includes(account)) {
		const text = `${client.name} has not completed the Google verification process. The app is currently being tested, and can only be accessed by developer-approved testers.`;
		return refusal(new Refused(403, 'access_denied', text), language);
	}
	const code = tokens.code({
		...{ client, account, scopes: granted, redirectUri },
		challenge: form.get('code_challenge') ?? undefined,
		method: form.get('code_challenge_method') ?? 'plain',
		offline: form.get('access_type') === 'offline',
	});
	back.searchParams.set('code', code);
	back.searchParams.set('scope', granted.join(' '));
	return { redirect: back.href };
}

function check(
	world: World,
	query: URLSearchParams,
): Refused | { client: OAuthClient; redirectUri: string; scopes: string[] } {
	const client = world.clients.find(({ id }) => id === query.get('client_id'));
	if (!client) return new Refused(401, 'invalid_client', 'The OAuth client was not found.');
	const redirectUri = query.get('redirect_uri') ?? '';
	const why = redirectRefusal(client, redirectUri);
	if (why) return why;
	if (query.get('response_type') !== 'code') {
		return new Refused(400, 'unsupported_response_type', 'Invalid response_type.');
	}
	const scopes = (query.get('scope') ?? '').split(' ').filter(Boolean);
	if (scopes.length === 0) return new Refused(400, 'invalid_request', 'Missing required parameter: scope');
	const unknown = scopes.find(
		(scope) => !/^https:\/\/www\.googleapis\.com\/auth\/[a-z.]+$|^(openid|email|profile)$/.test(scope),
	);
	if (unknown) return new Refused(400, 'invalid_scope', `Some requested scopes were invalid: ${unknown}`);
	const method = query.get('code_challenge_method') ?? 'plain';
	const challenge = query.get('code_challenge');
	if (challenge !== null && (!/^[\w.~-]{43,128}$/.test(challenge) || !['S256', 'plain'].includes(method))) {
		return new Refused(400, 'invalid_request', 'Invalid code challenge.');
	}
	return { client, redirectUri, scopes };
}

/** Endings that no public register knows; Google's console takes none of them. */
const PRIVATE_ENDINGS = [
	'local',
	'localdomain',
	'lan',
	'internal',
	'intranet',
	'home',
	'corp',
	'private',
	'test',
	'example',
	'invalid',
];

function redirectRefusal(client: OAuthClient, text: string): Refused | undefined {
	const mismatch = new Refused(400, 'redirect_uri_mismatch', `redirect_uri=${text}`);
	if (!URL.canParse(text)) return mismatch;
	const url = new URL(text);
	const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
	const loopback = host === 'localhost' || host === '::1' || /^127\./.test(host);
	if (client.kind === 'desktop') return loopback && url.protocol === 'http:' ? undefined : mismatch;
	if (isIP(host) && !loopback) {
		return new Refused(400, 'invalid_request', `device_id and device_name are required for private IP: ${text}`);
	}
	const ending = host.split('.').at(-1) ?? '';
	const outside = !loopback && (!host.includes('.') || PRIVATE_ENDINGS.includes(ending));
	const plain = !loopback && url.protocol !== 'https:';
	if (outside || plain || url.hash || url.username) return mismatch;
	return client.redirects.includes(text) ? undefined : mismatch;
}

function refusal({ status, error, text }: Refused, language: Language): ConsentAnswer {
	return { status, html: refusalPage({ status, error, text, language }) };
}
