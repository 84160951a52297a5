/** RabbitMQ's management API, as far as the lab, the acceptance test and the tests need it. */
import { HubError } from '../../lib/errors.ts';

/** Answers take milliseconds; a request that takes longer than this, in ms, meets a broker that hangs. */
const REQUEST_TIMEOUT_MS = 10_000;

export interface ManagementOptions {
	/** Without a slash at the end: http://127.0.0.1:15672 */
	url: string;
	user: string;
	password: string;
}

export interface Management {
	/**
	 * One request below `/api`; undefined where there is nothing to tell, also for 404 of GET and DELETE.
	 * Throws `AMQP_CREDENTIALS` for 401 and 403, `AMQP_UNREACHABLE` when nobody answers, `INTERNAL` with the broker's words.
	 */
	request<T = unknown>(method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<T | undefined>;
	/** The path below `/api` of a thing in a virtual host, names escaped: `of('queues', '/', 'mails')`. */
	of(kind: string, vhost: string, ...names: string[]): string;
}

export function management({ url, user, password }: ManagementOptions): Management {
	const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
	return {
		async request<T>(method: string, path: string, body?: unknown): Promise<T | undefined> {
			const where = `${url}/api/${path}`;
			const ask = async () => {
				const response = await fetch(where, {
					method,
					headers: { authorization, 'content-type': 'application/json' },
					signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
					...(body === undefined ? {} : { body: JSON.stringify(body) }),
				});
				return { response, text: await response.text() };
			};
			let response: Response;
			let text: string;
			try {
				({ response, text } = await ask().catch((thrown: unknown) => {
					// The server closes idle connections; one closed in this moment says nothing about the broker (seen
					// right after a start). All but POST may be said twice.
					if (method !== 'POST' && causeCode(thrown) === 'UND_ERR_SOCKET') return ask();
					throw thrown;
				}));
			} catch (thrown) {
				throw new HubError('AMQP_UNREACHABLE', `RabbitMQ's management does not answer at ${url}`, { cause: thrown });
			}
			if (response.status === 404 && (method === 'GET' || method === 'DELETE')) return undefined;
			if (response.status === 401 || response.status === 403)
				throw new HubError('AMQP_CREDENTIALS', `RabbitMQ's management refuses ${user} at ${where}: ${text}`);
			if (!response.ok) throw new HubError('INTERNAL', `${method} ${where}: ${response.status} ${text}`);
			return text === '' ? undefined : (JSON.parse(text) as T);
		},
		of: (kind, vhost, ...names) => [kind, ...[vhost, ...names].map(encodeURIComponent)].join('/'),
	};
}

function causeCode(thrown: unknown): unknown {
	const cause = thrown instanceof Error ? thrown.cause : undefined;
	return cause instanceof Error && 'code' in cause ? cause.code : undefined;
}
