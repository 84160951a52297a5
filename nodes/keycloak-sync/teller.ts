/** Messages that leave the node: reports, held plans, and what happens meanwhile. */

import type { FollowerEvent } from '../../lib/identity/follower-state.ts';
import type { RunReport } from '../../lib/identity/report.ts';
import { alertNotice, heldNotice, heldTold, reportTold } from '../../lib/identity/told.ts';
import type { FlowMessage } from '../runtime/node-red.ts';

/** Between two messages about progress, in ms: what a dashboard can show. */
const PROGRESS_MESSAGE_MS = 2_000;

interface Mouth {
	send(...outputs: (FlowMessage | null)[]): void;
	fail(error: unknown): void;
	status: { succeeded(): void };
}

export class Teller {
	readonly #node: Mouth;
	/** Who asks by messages: they are answered with their own message. */
	readonly #self: string;
	#progressTold = Number.NEGATIVE_INFINITY;

	constructor(node: Mouth, self: string) {
		this.#node = node;
		this.#self = self;
	}

	readonly tell = (event: FollowerEvent): void => {
		switch (event.kind) {
			case 'report':
				this.#alert(event.report);
				if (!event.answered || event.actor !== this.#self) {
					this.#node.send({ topic: 'report', payload: reportTold(event.report) });
				}
				break;
			case 'held':
				this.#node.send(null, { topic: 'held', payload: { ...heldTold(event.plan), ...heldNotice(event.plan) } });
				break;
			case 'progress':
				this.#progress(event);
				break;
			case 'failed': {
				const { code, message: text, retryable } = event.error;
				this.#happened('failed', { code, text, retryable, since: iso(event.since) });
				this.#node.fail(event.error);
				// The node's own words say more: which guard, and since when.
				this.#node.status.succeeded();
				break;
			}
			case 'recovered':
				this.#happened('recovered', { since: iso(event.since) });
				break;
			case 'busy':
				this.#happened('running', {});
		}
	};

	/** A dry run is read by whoever asked for it. */
	#alert(report: RunReport): void {
		const notice = report.dryRun ? null : alertNotice(report);
		if (notice) this.#node.send(null, { topic: 'alert', payload: notice });
	}

	#progress({ phase, done, total }: Extract<FollowerEvent, { kind: 'progress' }>): void {
		const now = performance.now();
		if (now - this.#progressTold < PROGRESS_MESSAGE_MS) return;
		this.#progressTold = now;
		this.#happened('progress', { phase, done, total });
	}

	#happened(topic: string, payload: object): void {
		this.#node.send(null, null, { topic, payload });
	}
}

const iso = (time: number) => new Date(time).toISOString();
