/**
 * Makes sure that mail has its exchanges and queues. What exists is used as it is; what is missing is declared, where this
 * user may; what neither is possible for, and what a foreign declaration costs, is told in words.
 */
import { HubError, toHubError } from '../errors.ts';
import type { Broker } from './broker.ts';
import { costsOf } from './costs.ts';
import { compareExchange, compareQueue } from './differences.ts';
import { type MailTopology, type QueueSpec, queueSpecs, retryQueue } from './mail-queues.ts';

export type { MailTopology } from './mail-queues.ts';

export interface TopologyReport {
	/** For a person: what is not as it should be, and what that costs. Empty when all is well. */
	notes: string[];
	/** Names of the levels whose delay queue is missing, or from which a mail might not come back: do without them. */
	unusableLevels: string[];
}

/**
 * Needs a connection. Throws AMQP_FORBIDDEN or AMQP_EXCLUSIVE when the main queue can neither be used nor made, and what a
 * lost connection throws.
 */
export async function ensureMailTopology(broker: Broker, topology: MailTopology): Promise<TopologyReport> {
	return new Survey(broker, topology).run();
}

type Presence = 'there' | 'made' | 'missing';

class Survey {
	readonly #broker: Broker;
	readonly #topology: MailTopology;
	readonly #user: string;
	readonly #notes: string[] = [];
	readonly #unusable = new Set<string>();
	readonly #unseen: string[] = [];

	constructor(broker: Broker, topology: MailTopology) {
		this.#broker = broker;
		this.#topology = topology;
		this.#user = broker.address.user;
	}

	async run(): Promise<TopologyReport> {
		const { exchange, retryExchange, resultsExchange, queue, levels } = this.#topology;
		for (const name of new Set([exchange, retryExchange, ...(resultsExchange ? [resultsExchange] : [])])) {
			await this.#exchange(name);
		}
		// A delay queue's dead letters wait in it while the main queue is missing, so the order does not matter for them.
		const version = await this.#broker.withChannel(async ({ connection }) => connection.serverProperties.version);
		for (const spec of queueSpecs(this.#topology, version ?? '')) await this.#queue(spec);
		if (this.#unseen.length) {
			this.#notes.push(
				`How ${list(this.#unseen)} ${this.#unseen.length > 1 ? 'are' : 'is'} declared cannot be seen: ` +
					`the user "${this.#user}" has no right to configure ${this.#unseen.length > 1 ? 'them' : 'it'}.`,
			);
		}
		const unusableLevels = levels.map(({ name }) => name).filter((name) => this.#unusable.has(retryQueue(queue, name)));
		return { notes: this.#notes, unusableLevels };
	}

	async #exchange(name: string): Promise<void> {
		const presence = await this.#present(
			() => this.#broker.withChannel((channel) => channel.checkExchange(name)),
			() => this.#broker.withChannel((channel) => channel.assertExchange(name, 'direct', { durable: true })),
			`exchange "${name}"`,
		);
		if (presence === 'missing' && name === this.#topology.retryExchange) {
			this.#notes.push(`Without the exchange "${name}" mail can neither be delayed nor parked.`);
		}
		if (presence !== 'there') return;
		// Where this user may not look, nothing is said: the exchange of the purchases belongs to Odoo.
		const { differences } = await compareExchange(this.#broker, name);
		for (const { argument, current } of differences) {
			if (argument === 'type') {
				this.#notes.push(
					`The exchange "${name}" is of type ${current}, not direct: other messages may reach the queues.`,
				);
			}
			if (argument === 'durable') this.#notes.push(`The exchange "${name}" is gone after a restart of the broker.`);
			if (argument === 'internal') this.#notes.push(`The exchange "${name}" is internal: nobody can publish to it.`);
		}
	}

	async #queue(spec: QueueSpec): Promise<void> {
		const { name, role } = spec;
		const presence = await this.#present(
			() => this.#broker.withChannel((channel) => channel.checkQueue(name)),
			() =>
				this.#broker.withChannel((channel) => channel.assertQueue(name, { durable: true, arguments: spec.arguments })),
			`queue "${name}"`,
			role === 'main',
		);
		if (presence === 'missing') {
			this.#unusable.add(name);
			if (role === 'parked') this.#notes.push('Mail that cannot be sent has no place to be parked.');
			return;
		}
		if (presence === 'there') await this.#compare(spec);
		for (const { exchange, key } of spec.bindings) await this.#bind(spec, exchange, key);
	}

	async #compare(spec: QueueSpec): Promise<void> {
		const { differences, complete } = await compareQueue(this.#broker, spec.name, spec.arguments);
		if (!complete) this.#unseen.push(`queue "${spec.name}"`);
		const costs = costsOf(spec, differences);
		if (costs.length === 0) return;
		const skipped = spec.role === 'delay' && costs.some(({ unsafe }) => unsafe);
		if (skipped) this.#unusable.add(spec.name);
		this.#notes.push(
			`The queue "${spec.name}" exists otherwise declared: ${costs.map(({ text }) => text).join('; ')}.` +
				(skipped ? ' The hub does without this delay.' : ''),
		);
	}

	async #bind({ name, role }: QueueSpec, exchange: string, key: string): Promise<void> {
		try {
			await this.#broker.withChannel((channel) => channel.bindQueue(name, exchange, key));
		} catch (thrown) {
			const { code, message } = refusal(thrown);
			const reached = role === 'main' && exchange === this.#topology.exchange ? 'New mail' : 'Mail from the hub';
			const why = code === 'AMQP_FORBIDDEN' ? `the user "${this.#user}" may not` : message;
			this.#notes.push(
				`The queue "${name}" cannot be bound to "${exchange}" under the key "${key}" (${why}). ` +
					`${reached} reaches it only if it is bound there already.`,
			);
		}
	}

	/** @param needed throw instead of noting what cannot be had */
	async #present(
		check: () => Promise<unknown>,
		declare: () => Promise<unknown>,
		what: string,
		needed = false,
	): Promise<Presence> {
		try {
			await check();
			return 'there';
		} catch (thrown) {
			const { code } = refusal(thrown);
			if (code === 'AMQP_FORBIDDEN') return 'there'; // a broker that asks for a right even to look
			if (code !== 'AMQP_NOT_FOUND') return this.#unavailable(thrown, what, needed);
		}
		try {
			await declare();
			return 'made';
		} catch (thrown) {
			return this.#unavailable(thrown, what, needed);
		}
	}

	#unavailable(thrown: unknown, what: string, needed: boolean): 'missing' {
		const { code, message } = refusal(thrown);
		const text =
			code === 'AMQP_FORBIDDEN'
				? `The ${what} is missing, and the user "${this.#user}" may not declare it: an administrator has to.`
				: `The ${what} cannot be used or declared: ${message}.`;
		if (needed) throw new HubError(code, text, { cause: thrown });
		this.#notes.push(text);
		return 'missing';
	}
}

/** Refusals are about one thing and noted; everything else (a lost connection, a time-out) ends the survey. */
function refusal(thrown: unknown): HubError {
	const error = toHubError(thrown);
	const refusals = ['AMQP_FORBIDDEN', 'AMQP_NOT_FOUND', 'AMQP_MISMATCH', 'AMQP_EXCLUSIVE'];
	if (!refusals.includes(error.code)) throw error;
	return error;
}

function list(names: readonly string[]): string {
	return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
