/** How an existing queue or exchange differs from what would be declared. AMQP tells one difference at a time. */
import type { Channel } from 'amqplib';
import { HubError } from '../errors.ts';
import type { Broker } from './broker.ts';

/** `current` is undefined where nothing is set. */
export interface Difference {
	argument: string;
	current: string | undefined;
}

export interface Comparison {
	differences: Difference[];
	/** False when this user may not look (no right to configure), or when the broker's answer was not understood. */
	complete: boolean;
	reason?: HubError;
}

export interface QueueShape {
	durable: boolean;
	autoDelete: boolean;
	exclusive: boolean;
	arguments: Record<string, string | number>;
}

/** A queue has at most about twenty arguments. */
const MAX_ROUNDS = 24;

/** Both forms are RabbitMQ's (3.10 to 4.0): `current is none`, `current is 'x'`, `current is the value 'x' of type 'y'`. */
const INEQUIVALENT = /inequivalent arg '([^']+)'.*but current is (?:none|(?:the value )?'(.*?)'(?: of type '\w+')?)$/;
const INVALID = /invalid arg '([^']+)'/;

/**
 * Declares an existing queue again under the wanted arguments, which changes nothing: where the broker names a difference,
 * it is noted, adopted, and asked again. The queue must exist.
 */
export async function compareQueue(broker: Broker, name: string, wanted: QueueShape['arguments']): Promise<Comparison> {
	const shape: QueueShape = { durable: true, autoDelete: false, exclusive: false, arguments: { ...wanted } };
	return compare(
		broker,
		(channel) => channel.assertQueue(name, shape),
		({ argument, current }) => {
			if (argument === 'durable') shape.durable = current === 'true';
			else if (argument === 'auto_delete') shape.autoDelete = current === 'true';
			else if (argument === 'exclusive') shape.exclusive = current === 'true';
			else if (current === undefined) delete shape.arguments[argument];
			else shape.arguments[argument] = /^-?\d+$/.test(current) ? Number(current) : current;
		},
	);
}

/** As `compareQueue`, for an exchange of type direct. */
export async function compareExchange(broker: Broker, name: string): Promise<Comparison> {
	let type = 'direct';
	const shape = { durable: true, autoDelete: false, internal: false };
	return compare(
		broker,
		(channel) => channel.assertExchange(name, type, shape),
		({ argument, current }) => {
			if (argument === 'type') type = current ?? type;
			if (argument === 'durable') shape.durable = current === 'true';
			if (argument === 'auto_delete') shape.autoDelete = current === 'true';
			if (argument === 'internal') shape.internal = current === 'true';
		},
	);
}

async function compare(
	broker: Broker,
	declare: (channel: Channel) => Promise<unknown>,
	adopt: (difference: Difference) => void,
): Promise<Comparison> {
	const differences: Difference[] = [];
	for (let round = 0; round < MAX_ROUNDS; round += 1) {
		try {
			await broker.withChannel(declare);
			return { differences, complete: true };
		} catch (thrown) {
			if (!(thrown instanceof HubError)) throw thrown;
			if (thrown.code === 'AMQP_FORBIDDEN') return { differences, complete: false, reason: thrown };
			if (thrown.code !== 'AMQP_MISMATCH') throw thrown;
			const difference = read(thrown.message);
			const known = differences.some(({ argument }) => argument === difference?.argument);
			if (!difference || known) return { differences, complete: false, reason: thrown };
			differences.push(difference);
			adopt(difference);
		}
	}
	return { differences, complete: false };
}

function read(message: string): Difference | undefined {
	const inequivalent = INEQUIVALENT.exec(message);
	if (inequivalent?.[1]) return { argument: inequivalent[1], current: inequivalent[2] };
	// An argument that the existing kind of queue does not know: it cannot be set there.
	const invalid = INVALID.exec(message);
	return invalid?.[1] ? { argument: invalid[1], current: undefined } : undefined;
}
