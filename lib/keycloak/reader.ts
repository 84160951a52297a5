/** Reads a realm as a service account: its token kept fresh, every call bounded, nothing ever written. */
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { setTimeout as delay } from 'node:timers/promises';
import { Backoff } from '../backoff.ts';
import { HubError, toHubError } from '../errors.ts';
import { exchange, type HttpRequest, type HttpResponse } from '../http.ts';
import { addressesOf, type RealmAddresses, type RealmPlace } from './address.ts';
import { type Answer, adminFailure, errorOf, isPassing, tokenFailure, unfit, unreachable } from './failure.ts';
import { type AccessToken, readToken } from './token.ts';

export interface ReaderOptions extends RealmPlace {
	clientId: string;
	clientSecret: string;
	/** For one call, in ms. Default 30,000. */
	timeoutMs?: number;
	/** Pauses between attempts at an answer that passes by itself, in ms. */
	retry?: { minMs: number; maxMs: number };
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** A page of 10,000 short users took 1 s; a full one of 500 less. In ms. */
const CALL_MS = 30_000;
/** 10,000 users in short are 3 MB; ten times that is no page that was asked for. */
const ANSWER_BYTES = 32 * 1024 * 1024;
/** A call that is refused for the moment is made so many times in all. */
const ATTEMPTS = 4;
const RETRY = { minMs: 250, maxMs: 4_000 };
/** A server that asks for a longer pause than this is not waited for within a call, in ms. */
const MAX_RETRY_AFTER_MS = 10_000;
/** Beyond that a kept connection is likely to be closed by the other side already, in ms. */
const IDLE_MS = 20_000;

const kept = { keepAlive: true, timeout: IDLE_MS, proxyEnv: process.env };
const plain = new Agent(kept);
const secure = new SecureAgent(kept);

export class RealmReader {
	readonly addresses: RealmAddresses;
	readonly clientId: string;
	readonly #options: ReaderOptions;
	#token: Promise<AccessToken> | undefined;

	/** Asks nothing yet. @throws HubError CONFIG_INVALID */
	constructor(options: ReaderOptions) {
		this.addresses = addressesOf(options);
		this.clientId = options.clientId;
		this.#options = options;
	}

	/**
	 * The token at hand, or a fresh one when it is about to end.
	 * @throws HubError KEYCLOAK_CREDENTIALS, KEYCLOAK_ISSUER, KEYCLOAK_REALM, KEYCLOAK_UNREACHABLE, KEYCLOAK_REFUSED, TIMEOUT, CANCELLED
	 */
	async token(signal?: AbortSignal): Promise<AccessToken> {
		const before = this.#token;
		const held = await before?.catch(() => undefined);
		if (held && performance.now() < held.freshUntil) return held;
		// Several callers may have waited for the same one: the first asks for the next, for all of them.
		if (this.#token === before || !this.#token) this.#token = this.#askToken();
		return untilCancelled(this.#token, signal);
	}

	/**
	 * What a path below the realm's administration answers. Tries again what passes by itself, and once with a fresh token.
	 * @param path with every part encoded (`segment`)
	 * @throws HubError KEYCLOAK_FORBIDDEN with the role that lacks, NOT_FOUND, and as `token`
	 */
	async get(path: string, query: Query = {}, signal?: AbortSignal): Promise<unknown> {
		const answer = await this.#administration(path, query, signal);
		if (isFine(answer)) return answer.json;
		throw adminFailure(answer, path, this.clientId);
	}

	/**
	 * As `get`; undefined when Keycloak itself says that there is no such thing (`missing` matches its words). A page with
	 * status 404 is somebody else's and an error.
	 */
	async find(path: string, missing: RegExp, query: Query = {}, signal?: AbortSignal): Promise<unknown> {
		const answer = await this.#administration(path, query, signal);
		if (isFine(answer)) return answer.json;
		if (answer.status === 404 && missing.test(errorOf(answer.json))) return undefined;
		throw adminFailure(answer, path, this.clientId);
	}

	/** The discovery document, for looking at; no address is taken from it. @throws HubError as `token` */
	async discovery(signal?: AbortSignal): Promise<Record<string, unknown>> {
		const url = `${this.addresses.realm}/.well-known/openid-configuration`;
		const answer = await this.#patiently({ method: 'GET', url, timeoutMs: this.#timeoutMs }, signal);
		if (isFine(answer)) return answer.json as Record<string, unknown>;
		throw tokenFailure(answer, this.clientId);
	}

	get #timeoutMs(): number {
		return this.#options.timeoutMs ?? CALL_MS;
	}

	async #administration(path: string, query: Query, signal: AbortSignal | undefined): Promise<Answer> {
		const url = `${this.addresses.admin}${path}${searchOf(query)}`;
		const ask = async () => {
			const { value } = await this.token(signal);
			const headers = { authorization: `Bearer ${value}`, accept: 'application/json' };
			return this.#patiently({ method: 'GET', url, headers, timeoutMs: this.#timeoutMs }, signal);
		};
		const answer = await ask();
		if (answer.status !== 401) return answer;
		// Keycloak was restarted or its keys were changed: what it gave before counts no more.
		this.#token = undefined;
		return ask();
	}

	async #askToken(): Promise<AccessToken> {
		const { clientId, clientSecret } = this.#options;
		// RFC 6749, 2.3.1: both are form-encoded before they become the parts of Basic.
		const basic = [clientId, clientSecret]
			.map((text) => new URLSearchParams({ x: text }).toString().slice(2))
			.join(':');
		const answer = await this.#patiently(
			{
				method: 'POST',
				url: `${this.addresses.realm}/protocol/openid-connect/token`,
				headers: {
					authorization: `Basic ${Buffer.from(basic).toString('base64')}`,
					'content-type': 'application/x-www-form-urlencoded',
					accept: 'application/json',
				},
				body: 'grant_type=client_credentials',
				timeoutMs: this.#timeoutMs,
			},
			undefined,
		);
		if (!isFine(answer)) throw tokenFailure(answer, clientId);
		return readToken(answer.json, this.addresses.issuer, answer.askedAt);
	}

	async #patiently(request: HttpRequest, signal: AbortSignal | undefined): Promise<Answer & { askedAt: number }> {
		const backoff = new Backoff(this.#options.retry ?? RETRY);
		for (let attempt = 1; ; attempt += 1) {
			let answer: HttpResponse | undefined;
			const askedAt = Date.now();
			try {
				answer = await exchange({
					...request,
					agent: request.url.startsWith('https:') ? secure : plain,
					maxBytes: ANSWER_BYTES,
					...(signal ? { signal } : {}),
				});
				if (!isPassing(answer.status) || attempt === ATTEMPTS) return { ...answerOf(answer), askedAt };
			} catch (thrown) {
				const failure = unreachable(toHubError(thrown));
				// A connection that was kept may have been closed meanwhile; a silence has lasted long enough already.
				if (failure.code !== 'KEYCLOAK_UNREACHABLE' || attempt === ATTEMPTS) throw failure;
			}
			const asked = Number(answer?.headers['retry-after'] ?? 0) * 1_000;
			if (answer && asked > MAX_RETRY_AFTER_MS) throw unfit(answer.status);
			await pause(Math.max(backoff.next(), asked || 0), signal);
		}
	}
}

function isFine({ status, json }: Answer): boolean {
	if (status === 200 && json === undefined) throw unfit(status);
	return status === 200;
}

function answerOf({ status, body }: HttpResponse): Answer {
	try {
		return { status, json: JSON.parse(body.toString('utf8')) };
	} catch {
		return { status, json: undefined }; // a page; `unfit` says so
	}
}

function searchOf(query: Query): string {
	const search = new URLSearchParams();
	for (const [name, value] of Object.entries(query)) {
		for (const one of Array.isArray(value) ? value : [value]) search.append(name, String(one));
	}
	return search.size > 0 ? `?${search}` : '';
}

/** The work goes on for others; this caller waits no longer. @throws HubError CANCELLED */
async function untilCancelled<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
	if (!signal) return work;
	const cancelled = Promise.withResolvers<never>();
	const cancel = () => cancelled.reject(new HubError('CANCELLED', 'Reading Keycloak was cancelled.'));
	if (signal.aborted) cancel();
	signal.addEventListener('abort', cancel, { once: true });
	try {
		return await Promise.race([work, cancelled.promise]);
	} finally {
		signal.removeEventListener('abort', cancel);
	}
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
	try {
		await delay(ms, undefined, signal ? { signal } : {});
	} catch {
		throw new HubError('CANCELLED', 'Reading Keycloak was cancelled.');
	}
}
