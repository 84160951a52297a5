/**
 * What an operator may do without touching a flow: registered once here, with permission, route and audit record, and
 * shown by the editor's sidebar. A topic (mail, backups, …) has actions; a node that is running is a source of rows.
 */

import { HubError, toHubError } from '../../lib/errors.ts';
import { adminRoute, type RouteRequest, textOf } from './admin-route.ts';
import { hubOf } from './hub.ts';
import type { NodeAPI } from './node-red.ts';
import type { OperatorView } from './operator-view.ts';
import type { Phrase } from './phrase.ts';

/** Who asked, and when to stop. */
export interface ActionContext {
	/** The signed-in person; `flow:<node id>` when a message of a flow asked. */
	actor: string;
	signal: AbortSignal;
}

export interface OperatorAction<Source, Input> {
	/** Checks what came in. @throws HubError `CONFIG_INVALID` saying what is wrong */
	parse(body: Record<string, unknown>): Input;
	/** Does it. The answer is shown to the operator and must be plain JSON. */
	run(source: Source, input: Input, context: ActionContext): Promise<unknown>;
	/** False for what only looks. Default true: leaves an audit record. */
	audited?: boolean;
	/** What it was done to, for the audit record: ids, never an address. Default: the source. */
	subject?(input: Input): string;
	/** Facts for the audit record. */
	details?(input: Input, result: unknown): Record<string, unknown>;
}

/** How a source is doing, in words; asked often, so it must be cheap. */
export interface SourceState {
	tone: 'ok' | 'attention' | 'problem' | 'paused';
	phrase: Phrase;
	/** Changes whenever the rows may have changed; the panel then lists again. */
	revision: string;
	/** Facts that decide which buttons are offered, for example `{ paused: true }`. */
	flags?: Record<string, boolean>;
	/** Rows that wait for a person. */
	count?: number;
}

export interface OperatorTopic<Source> {
	/** `mail`: middle part of the permissions `clinic-hub.<topic>.<action>` and of the routes. */
	name: string;
	/** What the panel shows. */
	view: OperatorView;
	actions: Record<string, OperatorAction<Source, never>>;
	state(source: Source): SourceState | Promise<SourceState>;
}

/** Types an action by what it parses. */
export function operatorAction<Source, Input>(action: OperatorAction<Source, Input>): OperatorAction<Source, never> {
	return action as unknown as OperatorAction<Source, never>;
}

interface SourceEntry {
	id: string;
	label: string;
	source: unknown;
}

export interface RegisteredTopic {
	topic: OperatorTopic<never>;
	sources: Map<string, SourceEntry>;
}

const registered = new WeakMap<NodeAPI['events'], Map<string, RegisteredTopic>>();

/** Topics of this process, in the order of their registration; what the panel's overview is made of. */
export function operatorTopics(RED: Pick<NodeAPI, 'events'>): Map<string, RegisteredTopic> {
	let topics = registered.get(RED.events);
	if (!topics) {
		topics = new Map();
		registered.set(RED.events, topics);
	}
	return topics;
}

/** Permission of an action. */
export function permissionOf(topic: string, action: string): string {
	return `clinic-hub.${topic}.${action}`;
}

/** Words that Node-RED's plain `read` and `write` would grant to people who may only look at or edit flows. */
const RESERVED = new Set(['read', 'write']);

/** Failures by which an action was not even begun. */
const REFUSALS: ReadonlySet<string> = new Set(['FORBIDDEN', 'CONFIG_INVALID', 'RESTORE_UNCONFIRMED']);

export interface OperatorSources<Source> {
	/** A running node offers its rows; returns what takes them away again. */
	add(source: Source, node: { id: string; name?: string | undefined }): () => void;
}

/** Registers a topic: one route an action. A second call with the same name gives the sources of the first. */
export function defineOperatorTopic<Source>(RED: NodeAPI, topic: OperatorTopic<Source>): OperatorSources<Source> {
	const known = operatorTopics(RED).get(topic.name);
	const sources = known?.sources ?? new Map<string, SourceEntry>();
	if (!known) registerTopic(RED, topic, sources);
	return {
		add(source, { id, name }) {
			const entry: SourceEntry = { id, label: name || id, source };
			sources.set(id, entry);
			return () => {
				if (sources.get(id) === entry) sources.delete(id);
			};
		},
	};
}

function registerTopic<Source>(RED: NodeAPI, topic: OperatorTopic<Source>, sources: Map<string, SourceEntry>): void {
	operatorTopics(RED).set(topic.name, { topic: topic as unknown as OperatorTopic<never>, sources });
	for (const [name, action] of Object.entries(topic.actions)) {
		if (RESERVED.has(name)) throw new HubError('INTERNAL', `An operator action must not be called ${name}.`);
		adminRoute(RED, {
			method: 'post',
			path: `operator/${topic.name}/${name}`,
			permission: permissionOf(topic.name, name),
			handle: (request) => perform(RED, topic.name, name, action, sources, request),
		});
	}
}

async function perform<Source>(
	RED: NodeAPI,
	topic: string,
	name: string,
	action: OperatorAction<Source, never>,
	sources: Map<string, SourceEntry>,
	{ body, actor, signal }: RouteRequest,
): Promise<unknown> {
	const entry = sources.get(textOf(body['source']));
	if (!entry)
		throw new HubError('NOT_FOUND', 'The node of this row is not running (any more): reload the list, or deploy.');
	const input = action.parse(body);
	const record = (outcome: 'done' | 'refused' | 'failed', details?: Record<string, unknown>) => {
		if (action.audited === false) return;
		const subject = action.subject?.(input) ?? entry.id;
		hubOf(RED).audit({ action: `${topic}.${name}`, actor, subject, outcome, details: { node: entry.id, ...details } });
	};
	try {
		const result = await action.run(entry.source as Source, input, { actor, signal });
		record('done', action.details?.(input, result));
		return result;
	} catch (thrown) {
		const { code } = toHubError(thrown);
		record(REFUSALS.has(code) ? 'refused' : 'failed', { code });
		throw thrown;
	}
}
