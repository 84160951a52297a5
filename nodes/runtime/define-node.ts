/**
 * Registers a node type. A node file says what its properties are, builds what it needs and hands over `run`; everything
 * that Node-RED demands of a handler is kept here: nothing thrown escapes, `done` is called once, status tells what
 * happened, and closing ends in time.
 */

import { HubError, toHubError } from '../../lib/errors.ts';
import { type Connection, connectionById, offer } from './connection.ts';
import { type Fields, type Problem, problemPhrase, readFields, type ValuesOf } from './fields.ts';
import { hubOf } from './hub.ts';
import { migrate } from './migrate.ts';
import type { HubNode, NodeDefinition } from './node-definition.ts';
import type { FlowMessage, NodeAPI, NodeRedNode, RawNodeConfig, Send } from './node-red.ts';
import { ofNode, type Phrase, phraseOf, say, shared } from './phrase.ts';
import { NodeStatus } from './status.ts';
import { evaluate } from './typed-input.ts';

export type { HubNode, NodeDefinition, NodeInput } from './node-definition.ts';

/**
 * What `close` may take, in milliseconds. Node-RED would wait 15 s, and a person with it at every deploy; clients end
 * gracefully within 2 s and by force after, so what is left at this point hangs.
 */
const CLOSE_DEADLINE_MS = 2_500;

/** Registers the type with Node-RED. Call once in a node file. */
export function defineNode<F extends Fields, S extends Fields, Deps>(
	RED: NodeAPI,
	definition: NodeDefinition<F, S, Deps>,
): void {
	const secretNames = Object.keys(definition.secrets ?? {});
	RED.nodes.registerType(
		definition.type,
		function construct(this: NodeRedNode, raw: RawNodeConfig) {
			RED.nodes.createNode(this, raw);
			new RunningNode(RED, this, definition).start(raw);
		},
		{ credentials: Object.fromEntries(secretNames.map((name) => [name, { type: 'password' as const }])) },
	);
}

/** States: starting → ready | unusable (problems, or setup threw) → closed. A message waits for the end of starting. */
class RunningNode<F extends Fields, S extends Fields, Deps> {
	readonly #RED: NodeAPI;
	readonly #node: NodeRedNode;
	readonly #definition: NodeDefinition<F, S, Deps>;
	readonly #status: NodeStatus;
	readonly #closing = new AbortController();
	#deps: Promise<Deps> = Promise.reject(new HubError('INTERNAL', 'The node was not started.'));

	constructor(RED: NodeAPI, node: NodeRedNode, definition: NodeDefinition<F, S, Deps>) {
		this.#RED = RED;
		this.#node = node;
		this.#definition = definition;
		this.#status = new NodeStatus(RED, node);
		this.#deps.catch(() => {});
	}

	start(raw: RawNodeConfig): void {
		const node = this.#node;
		const { type, run } = this.#definition;
		this.#deps = this.#setup(raw);
		this.#deps.catch((thrown) => this.#unusable(thrown));
		offer(node, this.#deps);
		const unregister = this.#registerHealth(`${type}:${node.id}`);
		if (run) node.on('input', (message, send, done) => void this.#input(message, send, done));
		// Two parameters, or Node-RED would not wait (none) or pass its callback as `removed` (one).
		node.on('close', (removed, done) => {
			unregister();
			this.#close(removed).then(done, done);
		});
	}

	async #setup(raw: RawNodeConfig): Promise<Deps> {
		const { fields, secrets, migrations, validate, setup } = this.#definition;
		const config = readFields(fields, migrate(raw, migrations));
		const credentials = readFields((secrets ?? {}) as S, this.#node.credentials ?? {});
		const problems = [...config.problems, ...credentials.problems];
		if (config.values && credentials.values) problems.push(...(validate?.(config.values, credentials.values) ?? []));
		if (problems.length || !config.values || !credentials.values) throw this.#notReady(problems);
		return await setup(this.#context(config.values, credentials.values));
	}

	#notReady(problems: readonly Problem[]): NotReady {
		const { type } = this.#definition;
		const phrases = problems.map((problem) => problemPhrase(type, problem));
		return new NotReady(this.#RED, shared('node.notReady', { problems: phrases }));
	}

	#context(config: ValuesOf<F>, secrets: ValuesOf<S>): HubNode<ValuesOf<F>, ValuesOf<S>> {
		const node = this.#node;
		const hub = hubOf(this.#RED);
		return {
			id: node.id,
			name: node.name,
			flow: node.z,
			config,
			secrets,
			status: this.#status,
			hub,
			log: {
				debug: (text) => node.debug(text),
				info: (text) => node.log(text),
				warn: (text) => node.warn(text),
				error: (text) => node.error(text),
			},
			audit: hub.audit,
			signal: this.#closing.signal,
			send: (...outputs) => node.send(outputs),
			fail: (thrown) => {
				const error = toHubError(thrown);
				this.#say(error);
				node.error(error, {});
			},
			connection: (kind, id) => this.#connection(kind, id),
			notReady: (...problems) => this.#notReady(problems),
		};
	}

	/** What a connection lacks is told by its name, and in words that this node's readers find, too. */
	async #connection<T>(kind: Connection<T>, id: string | undefined): Promise<T> {
		try {
			return await connectionById(this.#RED, kind, id);
		} catch (thrown) {
			if (!(thrown instanceof NotReady)) throw thrown;
			const name = (id && this.#RED.nodes.getNode(id)?.name) || kind.type;
			throw new NotReady(this.#RED, shared('node.connection', { name, state: ofNode(kind.type, thrown.phrase) }));
		}
	}

	/** Nothing may escape: Node-RED does not wait for this, and a rejection would end the process. */
	async #input(message: FlowMessage, send: Send, done: (error?: Error) => void): Promise<void> {
		try {
			const deps = await this.#deps;
			await this.#definition.run?.(
				{
					message,
					send: (...outputs) => send(outputs),
					read: (input) => evaluate(this.#RED, this.#node, input, message),
					signal: this.#closing.signal,
				},
				deps,
			);
			this.#status.succeeded();
		} catch (thrown) {
			const error = toHubError(thrown);
			if (error.code === 'INTERNAL') this.#node.debug(String((thrown as Error)?.stack ?? thrown));
			if (!(error instanceof NotReady)) this.#say(error);
			return done(error);
		}
		done();
	}

	#unusable(thrown: unknown): void {
		const error = toHubError(thrown);
		if (error.code === 'INTERNAL') this.#node.debug(String((thrown as Error)?.stack ?? thrown));
		this.#status.set('problem', error instanceof NotReady ? error.phrase : phraseOf(error));
		this.#node.warn(error.message);
	}

	#say(error: HubError): void {
		if (this.#closing.signal.aborted) return;
		this.#status.failed(phraseOf(error));
	}

	#registerHealth(name: string): () => void {
		let ready: { deps: Deps } | undefined;
		this.#deps.then(
			(deps) => {
				ready = { deps };
			},
			() => {},
		);
		const { health } = hubOf(this.#RED);
		return health.register(name, () => {
			const own = ready && this.#status.report.state === 'ok' ? this.#definition.health?.(ready.deps) : undefined;
			return own ?? this.#status.report;
		});
	}

	async #close(removed: boolean): Promise<void> {
		this.#closing.abort(new HubError('CANCELLED', 'The node is being stopped.'));
		let timer: NodeJS.Timeout | undefined;
		const late = new Promise<'late'>((resolve) => {
			timer = setTimeout(resolve, CLOSE_DEADLINE_MS, 'late');
		});
		const ended = this.#deps.then(
			(deps) => this.#definition.close?.(deps, { removed }),
			() => {},
		);
		try {
			if ((await Promise.race([ended, late])) === 'late')
				this.#node.warn(say(this.#RED, shared('node.closeLate', { seconds: CLOSE_DEADLINE_MS / 1000 })));
		} catch (thrown) {
			this.#node.warn(toHubError(thrown).message);
		} finally {
			clearTimeout(timer);
		}
		this.#status.end();
	}
}

/** A node that lacks something: listed in its status, once in the log, and as the error of every message. */
class NotReady extends HubError {
	readonly phrase: Phrase;
	constructor(RED: NodeAPI, phrase: Phrase) {
		super('CONFIG_INVALID', say(RED, phrase));
		this.phrase = phrase;
	}
}
