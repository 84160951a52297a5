/** The hub through its administration interface: its flows, its overview, its operator actions. */
import { HubError } from '../../lib/errors.ts';
import type { Overview } from '../../nodes/runtime/overview.ts';
import type { HubTarget } from './target.ts';

/** The hub answers in milliseconds; pausing waits for mails that are being sent, up to 2 s. In ms. */
const CALL_TIMEOUT_MS = 20_000;

export interface MailWorkerRow {
	id: string;
	label: string;
	paused: boolean;
}

/** What a running node shows of itself, see `SourceState`. */
export type SourceRow = Overview['topics'][number]['sources'][number];

export class HubSession {
	readonly #target: HubTarget;

	constructor(target: HubTarget) {
		this.#target = target;
	}

	/** @throws HubError `FORBIDDEN` when the hub wants another sign-in, `INTERNAL` for any other refusal */
	async request(
		method: 'GET' | 'POST',
		path: string,
		{ body, headers }: { body?: unknown; headers?: Record<string, string> } = {},
	): Promise<unknown> {
		const { url, token } = this.#target;
		const response = await fetch(`${url}/${path}`, {
			method,
			headers: {
				...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
				...(body === undefined ? {} : { 'content-type': 'application/json' }),
				...headers,
			},
			signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
			...(body === undefined ? {} : { body: JSON.stringify(body) }),
		});
		if (response.status === 401 || response.status === 403) {
			throw new HubError('FORBIDDEN', `The hub refuses ${path}: set HUB_TOKEN to a token of somebody who may do this`);
		}
		const text = await response.text();
		if (!response.ok) throw new HubError('INTERNAL', `The hub answered ${response.status} to ${path}: ${text}`);
		return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
	}

	/** The running nodes of a topic of the sidebar. */
	async sources(topic: string): Promise<SourceRow[]> {
		const { topics } = (await this.request('GET', 'clinic-hub/overview')) as Overview;
		return topics.find(({ name }) => name === topic)?.sources ?? [];
	}

	/** The mail workers that run. Throws `FORBIDDEN` when the hub wants a sign-in. */
	async workers(): Promise<MailWorkerRow[]> {
		const sources = await this.sources('mail');
		return sources.map(({ id, label, state }) => ({ id, label, paused: state.flags?.['paused'] === true }));
	}

	/** Stops taking messages from the queue. */
	async pause(worker: MailWorkerRow): Promise<void> {
		await this.request('POST', 'clinic-hub/operator/mail/pause', { body: { source: worker.id } });
	}

	/** Takes messages again. */
	async resume(worker: MailWorkerRow): Promise<void> {
		await this.request('POST', 'clinic-hub/operator/mail/resume', { body: { source: worker.id } });
	}
}
