/** The publishers of a connection, one for each exchange, made at first use. */
import { HubError } from '../errors.ts';
import { channelFailure } from './failure.ts';
import type { Link } from './link.ts';
import { Publisher } from './publisher.ts';

export class PublisherPool {
	readonly #byLink = new WeakMap<Link, Map<string, Promise<Publisher>>>();

	/** Throws AMQP_UNREACHABLE when the connection ends meanwhile. */
	get(link: Link, exchange: string): Promise<Publisher> {
		const publishers = this.#byLink.get(link) ?? new Map<string, Promise<Publisher>>();
		this.#byLink.set(link, publishers);
		const known = publishers.get(exchange);
		if (known) return known;
		const forget = () => {
			if (publishers.get(exchange) === made) publishers.delete(exchange);
		};
		const made = open(link, exchange, forget);
		publishers.set(exchange, made);
		made.catch(forget);
		return made;
	}
}

async function open(link: Link, exchange: string, onEnd: () => void): Promise<Publisher> {
	try {
		return new Publisher(await link.model.createConfirmChannel(), exchange, onEnd);
	} catch (thrown) {
		const failure = channelFailure(thrown);
		// amqplib refuses work on an ended connection as if it were a mistake of ours.
		throw failure.code === 'INTERNAL' ? new HubError('AMQP_UNREACHABLE', failure.message, { cause: thrown }) : failure;
	}
}
