/** One bounded HTTP exchange, for everything that is not a client of its own: webhooks, heartbeats, token endpoints. */
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { HubError } from './errors.ts';

export interface HttpRequest {
	method: 'GET' | 'POST';
	/** `http:` or `https:`; user and password in it are refused. */
	url: string;
	headers?: Record<string, string>;
	body?: string;
	/** For the whole exchange, in ms. */
	timeoutMs: number;
	/** More than that of an answer is an error. Default 64 KiB. */
	maxBytes?: number;
	/** Connections to use, of the address's own kind. Default a new one for this exchange. */
	agent?: Agent;
	signal?: AbortSignal;
}

export interface HttpResponse {
	status: number;
	headers: IncomingHttpHeaders;
	body: Buffer;
}

/** Enough for any answer that is read by machines here; a larger one is a wrong address. */
const MAX_BYTES = 65_536;

/**
 * Redirects are not followed. HTTPS_PROXY, HTTP_PROXY and NO_PROXY are honoured (Node 24.5 and later, `proxyEnv` of
 * node:http), and NODE_EXTRA_CA_CERTS adds authorities.
 * @throws HubError CONFIG_INVALID, HTTP_UNREACHABLE, TIMEOUT, CANCELLED; the message names the host, never the path, for
 * the path of a webhook may be its secret
 */
export async function exchange(request: HttpRequest): Promise<HttpResponse> {
	const url = parse(request.url);
	const deadline = AbortSignal.timeout(request.timeoutMs);
	const signal = request.signal ? AbortSignal.any([request.signal, deadline]) : deadline;
	try {
		return await once(url, request, signal);
	} catch (thrown) {
		if (thrown instanceof HubError) throw thrown;
		if (request.signal?.aborted) throw new HubError('CANCELLED', `The request to ${url.host} was cancelled.`);
		if (deadline.aborted) {
			throw new HubError('TIMEOUT', `${url.host} did not answer within ${request.timeoutMs / 1000} s.`);
		}
		const code = (thrown as NodeJS.ErrnoException).code ?? 'no code';
		throw new HubError('HTTP_UNREACHABLE', `${url.host} cannot be reached (${code}).`, { cause: thrown });
	}
}

/** True for what `exchange` takes. */
export function isHttpUrl(text: string): boolean {
	if (!URL.canParse(text)) return false;
	const { protocol, username, password } = new URL(text);
	return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '';
}

/** True for addresses to which a secret may go: over TLS, or without leaving this machine. */
export function isPrivateUrl(text: string): boolean {
	if (!isHttpUrl(text)) return false;
	const { protocol, hostname } = new URL(text);
	return protocol === 'https:' || hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}

function parse(text: string): URL {
	if (isHttpUrl(text)) return new URL(text);
	throw new HubError('CONFIG_INVALID', 'The address must begin with https:// (or http://) and hold no user name.');
}

async function once(url: URL, request: HttpRequest, signal: AbortSignal) {
	const { method, headers, body, maxBytes = MAX_BYTES } = request;
	const secure = url.protocol === 'https:';
	// By default a connection of its own: most of these calls are rare, and a kept one may be dead by the next.
	const agentOptions = { proxyEnv: process.env, keepAlive: false };
	const agent = request.agent ?? (secure ? new SecureAgent(agentOptions) : new Agent(agentOptions));
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		const send = secure ? secureRequest : plainRequest;
		const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
		const outgoing = send(url, { method, headers: { ...headers, ...length }, agent, signal }, resolve);
		outgoing.once('error', reject);
		outgoing.end(body);
	});
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of response as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > maxBytes) throw new HubError('HTTP_UNREACHABLE', `${url.host} answers more than ${maxBytes} bytes.`);
		chunks.push(chunk);
	}
	return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}
