/** Pauses and resumes the mail workers of a hub through its operator actions. */
import { HubError } from '../../lib/errors.ts';
import type { Overview } from '../../nodes/runtime/overview.ts';
import type { Target } from './target.ts';

/** The hub answers in milliseconds; pausing waits for mails that are being sent, up to 2 s. In ms. */
const CALL_TIMEOUT_MS = 20_000;

export interface MailWorkerRow {
	id: string;
	label: string;
	paused: boolean;
}

export class HubSession {
	readonly #target: Target['hub'];

	constructor(target: Target['hub']) {
		this.#target = target;
	}

	async #request(method: 'GET' | 'POST', path: string, body?: unknown): Promise<unknown> {
		const { url, token } = this.#target;
		const response = await fetch(`${url}/${path}`, {
			method,
			headers: {
				...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
			},
			signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		if (response.status === 401 || response.status === 403) {
			throw new HubError('FORBIDDEN', `The hub refuses ${path}: set HUB_TOKEN to a token of an operator`);
		}
		const text = await response.text();
		if (!response.ok) throw new HubError('INTERNAL', `The hub answered ${response.status} to ${path}: ${text}`);
		return JSON.parse(text);
	}

	/** The mail workers that run. Throws `FORBIDDEN` when the hub wants a sign-in. */
	async workers(): Promise<MailWorkerRow[]> {
		const { topics } = (await this.#request('GET', 'clinic-hub/overview')) as Overview;
		const sources = topics.find(({ name }) => name === 'mail')?.sources ?? [];
		return sources.map(({ id, label, state }) => ({ id, label, paused: state.flags?.['paused'] === true }));
	}

	/** Stops taking messages from the queue. */
	async pause(worker: MailWorkerRow): Promise<void> {
		await this.#request('POST', 'clinic-hub/operator/mail/pause', { source: worker.id });
	}

	/** Takes messages again. */
	async resume(worker: MailWorkerRow): Promise<void> {
		await this.#request('POST', 'clinic-hub/operator/mail/resume', { source: worker.id });
	}
}
