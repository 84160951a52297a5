/** Routes of the editor's server: always behind a permission, JSON in and out, failures as `{ code, message }`. */

import { HubError, type HubErrorCode, toHubError } from '../../lib/errors.ts';
import { NO_SIGN_IN } from './actor.ts';
import type { AdminRequest, AdminResponse, NodeAPI } from './node-red.ts';

/** Larger bodies are refused. Templates and lists of ids fit; Node-RED itself would read 5 MB. In bytes. */
const BODY_LIMIT = 512 * 1024;

/** A browser gives up waiting at some point; whatever a route does ends by then. In milliseconds. */
const ROUTE_TIMEOUT_MS = 60_000;

export interface RouteRequest {
	/** The parsed body; an empty object where there is none. */
	body: Record<string, unknown>;
	query: Record<string, unknown>;
	/** Name of the signed-in person, for the audit record. */
	actor: string;
	/** Aborted when the browser goes away or the time is over. */
	signal: AbortSignal;
	/** Gives the browser a cookie, as the whole value of `Set-Cookie`. */
	setCookie(cookie: string): void;
}

export interface Route {
	method: 'get' | 'post';
	/** Below `clinic-hub/` on the admin root, without a leading slash. */
	path: string;
	/**
	 * Node-RED's name of the right. Granted by the same name or `*`; plain `read` grants what ends in `.read`, plain
	 * `write` what ends in `.write`, and there is no other wildcard (editor-api/lib/auth/permissions.js). Of
	 * several, all are needed.
	 */
	permission: string | string[];
	/** The answer, sent as JSON. Throws to refuse. */
	handle(request: RouteRequest): unknown;
}

const HTTP_STATUS: Partial<Record<HubErrorCode, number>> = {
	CONFIG_INVALID: 400,
	MESSAGE_INVALID: 400,
	FORBIDDEN: 403,
	IDENTITY_GAIN: 403,
	PLAN_STALE: 409,
	IDENTITY_BUSY: 503,
	SECRET_RETYPE: 409,
	NOT_FOUND: 404,
	TIMEOUT: 504,
	INTERNAL: 500,
};

/** A text of a body; '' for whatever else stands there, such as an object that cannot be made a text. */
export function textOf(value: unknown): string {
	return typeof value === 'string' ? value : '';
}

/** Adds the route. Call once in a node file or plugin, not for each node. */
export function adminRoute(RED: NodeAPI, { method, path, permission, handle }: Route): void {
	if (permission.length === 0)
		throw new HubError('INTERNAL', `The route ${path} has no permission: it would answer anyone.`);
	RED.httpAdmin?.[method](
		`/clinic-hub/${path}`,
		RED.auth.needsPermission(permission),
		(request, response) => void answer(RED, request, response, handle),
	);
}

async function answer(
	RED: NodeAPI,
	request: AdminRequest,
	response: AdminResponse,
	handle: Route['handle'],
): Promise<void> {
	const gone = new AbortController();
	response.on('close', () => gone.abort(new HubError('CANCELLED', 'The browser went away.')));
	const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(ROUTE_TIMEOUT_MS)]);
	try {
		const body = bodyOf(request);
		const setCookie = (cookie: string) => void response.setHeader('set-cookie', cookie);
		const result = await handle({ body, query: request.query, actor: actorOf(request), signal, setCookie });
		if (!response.writableEnded) response.status(200).json(result ?? {});
	} catch (thrown) {
		const error = toHubError(thrown);
		if (error.code === 'INTERNAL') RED.log.error(`[clinic-hub] ${String((thrown as Error)?.stack ?? thrown)}`);
		if (response.headersSent || response.destroyed) return;
		response.status(HTTP_STATUS[error.code] ?? 502).json({ code: error.code, message: error.message });
	}
}

function bodyOf(request: AdminRequest): Record<string, unknown> {
	if (request.method === 'GET') return {};
	// A page of another site can post forms and plain text to this server, but JSON only with its consent.
	if (!/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
		throw new HubError('CONFIG_INVALID', 'Send the request as application/json.');
	const { body } = request;
	if (typeof body !== 'object' || body === null || Array.isArray(body))
		throw new HubError('CONFIG_INVALID', 'The body must be a JSON object.');
	const length = Number(request.headers['content-length'] ?? Buffer.byteLength(JSON.stringify(body)));
	if (length > BODY_LIMIT)
		throw new HubError('CONFIG_INVALID', `The request is larger than ${BODY_LIMIT / 1024} KiB: do less at once.`);
	return body as Record<string, unknown>;
}

function actorOf({ user }: AdminRequest): string {
	if (!user) return NO_SIGN_IN;
	return user.username ?? (user.anonymous ? 'anonymous' : 'unknown');
}
