/** A test of the alarm: a labelled notice on the way of a real one, and which channels took it. */

import { type AlarmNotice, testNotice } from '../../lib/backup/alarm-notice.ts';
import type { FlowMessage } from '../runtime/node-red.ts';

export interface TrialResult {
	/** The notice was taken by a node `notice` whose outcomes come back to this one. */
	answered: boolean;
	channels: ChannelResult[];
}

export interface ChannelResult {
	channel: string;
	/** `waiting`: it did not take it within the time; it is tried again. */
	outcome: 'delivered' | 'refused' | 'unknown' | 'waiting';
	reason?: string;
}

interface Trial {
	answered: boolean;
	channels: Map<string, ChannelResult>;
	/** All channels have said something. */
	over(): void;
}

/** Topics under which a `notice` answers at once. */
const TAKEN: readonly unknown[] = ['queued', 'repeated', 'dropped', 'direct'];
/** Topics of what became of it at one receiver. */
const ENDS = ['delivered', 'refused', 'unknown'] as const;

/** A mail server and a chat answer within seconds; a person waits. In ms. */
export const TRIAL_MS = 20_000;

/** True for what a `notice` says; it comes back by a wire. */
export function isOutcome(topic: unknown): boolean {
	return TAKEN.includes(topic) || ENDS.some((end) => end === topic);
}

export class Trials {
	readonly #open = new Map<string, Trial>();

	/** Resolves when every channel has answered, when the time is over, or when the node closes. */
	async run(send: (notice: AlarmNotice) => void, signal: AbortSignal, waitMs = TRIAL_MS): Promise<TrialResult> {
		const { promise, resolve } = Promise.withResolvers<void>();
		const notice = testNotice(new Date());
		const trial: Trial = { answered: false, channels: new Map(), over: resolve };
		this.#open.set(notice.subject, trial);
		const timer = setTimeout(resolve, waitMs);
		signal.addEventListener('abort', () => resolve(), { once: true });
		send(notice);
		await promise;
		clearTimeout(timer);
		this.#open.delete(notice.subject);
		return { answered: trial.answered, channels: [...trial.channels.values()] };
	}

	/** Takes what a `notice` said; what belongs to no test is left. */
	outcome({ topic, payload }: FlowMessage): void {
		const { subject, channels, channel, reason } = (payload ?? {}) as Record<string, unknown>;
		const trial = this.#open.get(String(subject));
		if (!trial) return;
		if (TAKEN.includes(topic)) {
			trial.answered = true;
			for (const name of Array.isArray(channels) ? channels.map(String) : []) {
				if (!trial.channels.has(name)) trial.channels.set(name, { channel: name, outcome: 'waiting' });
			}
		}
		const outcome = ENDS.find((end) => end === topic);
		if (outcome && typeof channel === 'string') {
			const known = trial.channels.get(channel);
			// Of several receivers one is enough: the channel works.
			if (known?.outcome !== 'delivered') {
				trial.channels.set(channel, { channel, outcome, ...(typeof reason === 'string' ? { reason } : {}) });
			}
		}
		const all = [...trial.channels.values()];
		if (trial.answered && all.length > 0 && all.every((one) => one.outcome !== 'waiting')) trial.over();
	}
}
