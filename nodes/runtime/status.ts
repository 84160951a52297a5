/** What a node says about itself under its box in the editor: words and numbers, sent only when they change. */

import type { HealthReport } from '../../lib/health.ts';
import type { NodeAPI, NodeRedNode, NodeStatusObject } from './node-red.ts';
import { type Phrase, say } from './phrase.ts';

/**
 * - `ready`: waiting for work. `busy`: at work. `waiting`: held up and goes on by itself, or something beside the work waits for a person. `paused`: stopped by a person.
 * - `problem`: needs a person.
 */
export type Tone = 'ready' | 'busy' | 'waiting' | 'paused' | 'problem';

const LOOK = {
	ready: { fill: 'green', shape: 'dot' },
	busy: { fill: 'blue', shape: 'dot' },
	waiting: { fill: 'yellow', shape: 'ring' },
	paused: { fill: 'grey', shape: 'ring' },
	problem: { fill: 'red', shape: 'ring' },
} as const satisfies Record<Tone, NodeStatusObject>;

const HEALTH = {
	ready: 'ok',
	busy: 'ok',
	waiting: 'degraded',
	paused: 'degraded',
	problem: 'failed',
} as const satisfies Record<Tone, HealthReport['state']>;

/** Where the editor's part of this package learns the phrase, to say it in the language of the person. */
export const STATUS_TOPIC = 'clinic-hub/status';

const statuses = new WeakMap<NodeRedNode, NodeStatus>();

/** What a running node of this package says about itself; undefined for others, and for those that say nothing. */
export function phraseOfNode(node: NodeRedNode): Phrase | undefined {
	return statuses.get(node)?.report.phrase;
}

interface Said {
	tone: Tone;
	phrase: Phrase;
}

/** Two layers: what the node says about itself, and above it the failure of the last message until one succeeds. */
export class NodeStatus {
	readonly #RED: Pick<NodeAPI, '_' | 'comms'>;
	readonly #node: NodeRedNode;
	#own: Said | undefined;
	#failure: Said | undefined;
	#shown = '';
	#ended = false;

	constructor(RED: Pick<NodeAPI, '_' | 'comms'>, node: NodeRedNode) {
		this.#RED = RED;
		this.#node = node;
		statuses.set(node, this);
	}

	/** Says how the node is. Does nothing when the same was said last: call it as often as is convenient. */
	set(tone: Tone, phrase: Phrase): void {
		if (this.#own && JSON.stringify(this.#own) === JSON.stringify({ tone, phrase })) return;
		this.#own = { tone, phrase };
		this.#failure = undefined;
		this.#show();
	}

	/** Says that a message failed, until `succeeded` or another `set`. Does not count against the node's health. */
	failed(phrase: Phrase): void {
		this.#failure = { tone: 'problem', phrase };
		this.#show();
	}

	/** A message went well: the node's own words show again. */
	succeeded(): void {
		this.#failure = undefined;
		this.#show();
	}

	/** Takes the words away for good: after a deploy the next node of the same id speaks. */
	end(): void {
		this.#own = undefined;
		this.#failure = undefined;
		this.#show();
		this.#ended = true;
	}

	/** What the node said about itself last, as its health. */
	get report(): HealthReport & { phrase?: Phrase } {
		if (!this.#own) return { state: 'ok', text: '' };
		const { tone, phrase } = this.#own;
		return { state: HEALTH[tone], text: say(this.#RED, phrase), phrase };
	}

	#show(): void {
		if (this.#ended) return;
		const said = this.#failure ?? this.#own;
		const content = said ? JSON.stringify(said) : '';
		if (content === this.#shown) return;
		this.#shown = content;
		const topic = `${STATUS_TOPIC}/${this.#node.id}`;
		if (!said) {
			this.#node.status({});
			this.#RED.comms.publish(topic, {}, false);
			return;
		}
		const text = say(this.#RED, said.phrase);
		this.#node.status({ ...LOOK[said.tone], text });
		// Node-RED passes on text, fill and shape only, and in one language for everybody.
		this.#RED.comms.publish(topic, { text, phrase: said.phrase }, true);
	}
}
