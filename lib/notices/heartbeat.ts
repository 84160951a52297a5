/** Tells a watcher outside that the hub is alive and well; the watcher alarms when the sign stays away. */
import { HubError } from '../errors.ts';
import type { Health } from '../health.ts';
import { exchange, isHttpUrl } from '../http.ts';
import type { Log } from '../log.ts';

export interface HeartbeatOptions {
	/** `https://hc-ping.com/<uuid>` or any address that expects a sign of life. */
	url: string;
	/** Default GET. */
	method?: 'GET' | 'POST';
	/** Between two signs, ms. Default 5 minutes. */
	intervalMs?: number;
	/** While a check has failed: `silent` (default) sends nothing; `fail` calls `<url>/fail`, which healthchecks.io understands. */
	whenFailed?: 'silent' | 'fail';
	health: Health;
	log: Log;
}

const INTERVAL_MS = 300_000;
/** For one sign, ms. */
const TIMEOUT_MS = 10_000;
/** The name of its own check, which it leaves out: a watcher that is down is no reason to alarm the watcher. */
const CHECK = 'heartbeat';

export class Heartbeat {
	readonly #options: HeartbeatOptions;
	readonly #abort = new AbortController();
	readonly #unregister: () => void;
	readonly #timer: NodeJS.Timeout;
	#failure: string | undefined;
	#beating: Promise<void> | undefined;

	/**
	 * Beats at once and then at every interval.
	 * @throws HubError CONFIG_INVALID for an address that is none
	 */
	constructor(options: HeartbeatOptions) {
		if (!isHttpUrl(options.url))
			throw new HubError('CONFIG_INVALID', 'The address of the heartbeat must begin with https://.');
		this.#options = options;
		this.#unregister = options.health.register(CHECK, () =>
			this.#failure === undefined
				? { state: 'ok', text: 'The watcher is told.' }
				: { state: 'degraded', text: this.#failure },
		);
		this.#timer = setInterval(() => this.#beat(), options.intervalMs ?? INTERVAL_MS);
		this.#timer.unref();
		this.#beat();
	}

	async close(): Promise<void> {
		clearInterval(this.#timer);
		this.#abort.abort();
		await this.#beating;
		this.#unregister();
	}

	#beat(): void {
		this.#beating ??= this.#tell().finally(() => {
			this.#beating = undefined;
		});
	}

	/** Never throws: a sign that does not arrive is what the watcher is for. */
	async #tell(): Promise<void> {
		const { url, method = 'GET', whenFailed = 'silent', health, log } = this.#options;
		const failed = Object.entries(health.checks()).filter(([name, { state }]) => name !== CHECK && state === 'failed');
		if (failed.length > 0 && whenFailed === 'silent') return;
		const target = failed.length > 0 ? withFail(url) : url;
		// Names of checks only: their texts are for the people of the house.
		const body = failed.map(([name]) => name).join('\n');
		try {
			const { status } = await exchange({
				method: failed.length > 0 ? 'POST' : method,
				url: target,
				...(body === '' ? {} : { body, headers: { 'content-type': 'text/plain' } }),
				timeoutMs: TIMEOUT_MS,
				signal: this.#abort.signal,
			});
			this.#failure = status >= 200 && status < 300 ? undefined : `The watcher answers HTTP ${status}.`;
		} catch (thrown) {
			if (this.#abort.signal.aborted) return;
			this.#failure = `The watcher cannot be told: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
		}
		if (this.#failure !== undefined) log.warn(this.#failure);
	}
}

function withFail(text: string): string {
	const url = new URL(text);
	url.pathname = `${url.pathname.replace(/\/$/, '')}/fail`;
	return url.href;
}
