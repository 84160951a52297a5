/** What the sidebar shows at a glance: the state of everything that runs, and the topics an operator works on. */

import { toHubError } from '../../lib/errors.ts';
import type { HealthReport } from '../../lib/health.ts';
import { countPhrases } from './counts.ts';
import { hubOf } from './hub.ts';
import type { NodeAPI } from './node-red.ts';
import { operatorTopics, type RegisteredTopic, type SourceState } from './operator-actions.ts';
import type { OperatorView } from './operator-view.ts';
import { type Phrase, phraseOf, shared } from './phrase.ts';
import { phraseOfNode } from './status.ts';

/** A source that does not answer in this time is shown as such; the others are not kept waiting. In milliseconds. */
const STATE_TIMEOUT_MS = 3_000;

/** Parts of the hub that register a check of their own. */
const PARTS: Readonly<Record<string, Phrase>> = {
	store: shared('part.store'),
	heartbeat: shared('part.heartbeat'),
};

export interface OverviewCheck extends HealthReport {
	/** What is checked: a node's name or type, or the name of a part of the hub such as `store`. */
	label: string;
	/** The part in the reader's language, where it is one. */
	part?: Phrase;
	/** Of the node, where it is one. */
	node?: string;
	/** The text in the reader's language. */
	phrase?: Phrase;
}

export interface Overview {
	checks: OverviewCheck[];
	/** What was counted since the start, a sentence each. */
	counts: Phrase[];
	topics: { name: string; view: OperatorView; sources: { id: string; label: string; state: SourceState }[] }[];
}

/** Collects it; never rejects because of one part. */
export async function overview(RED: NodeAPI): Promise<Overview> {
	const { health } = hubOf(RED);
	const checks = worstOfEach(Object.entries(health.checks()).map(([name, report]) => checkOf(RED, name, report)));
	const topics = await Promise.all([...operatorTopics(RED)].map(([name, topic]) => topicOf(name, topic)));
	return { checks, counts: countPhrases(health.counters()), topics };
}

/** Nodes register as `<type>:<id>`. What a node says in its status is said in the reader's language: better than a text. */
function checkOf(RED: NodeAPI, name: string, report: HealthReport): OverviewCheck {
	const [type = name, id] = name.split(':', 2);
	const node = id ? RED.nodes.getNode(id) : null;
	const part = PARTS[type];
	if (!node) return { ...report, label: type, ...(part ? { part } : {}) };
	const phrase = phraseOfNode(node);
	return { ...report, label: node.name || type, node: node.id, ...(phrase ? { phrase } : {}) };
}

/** A node and the work that it runs each register a check; a person sees one line a node. */
function worstOfEach(checks: OverviewCheck[]): OverviewCheck[] {
	const rank = { ok: 0, degraded: 1, failed: 2 };
	const worst = new Map<string, OverviewCheck>();
	for (const check of checks) {
		const key = check.node ?? `part ${check.label}`;
		const known = worst.get(key);
		if (!known || rank[check.state] > rank[known.state]) worst.set(key, check);
	}
	return [...worst.values()];
}

async function topicOf(name: string, { topic, sources }: RegisteredTopic): Promise<Overview['topics'][number]> {
	const states = [...sources.values()].map(async ({ id, label, source }) => {
		const state = await within(STATE_TIMEOUT_MS, () => topic.state(source as never));
		return { id, label, state };
	});
	return { name, view: topic.view, sources: await Promise.all(states) };
}

async function within(timeoutMs: number, ask: () => SourceState | Promise<SourceState>): Promise<SourceState> {
	let timer: NodeJS.Timeout | undefined;
	const late = new Promise<SourceState>((resolve) => {
		timer = setTimeout(() => resolve(failedState(shared('error.TIMEOUT'))), timeoutMs);
	});
	try {
		return await Promise.race([Promise.resolve().then(ask), late]);
	} catch (thrown) {
		return failedState(phraseOf(toHubError(thrown)));
	} finally {
		clearTimeout(timer);
	}
}

function failedState(phrase: Phrase): SourceState {
	return { tone: 'problem', phrase, revision: '' };
}
