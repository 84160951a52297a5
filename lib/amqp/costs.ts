/** What it costs that a queue exists otherwise declared than the hub would have it, in words. */
import type { Difference } from './differences.ts';
import type { QueueSpec } from './mail-queues.ts';

export interface Cost {
	text: string;
	/** True when a message put there may be lost or never come back: the hub does without the queue where it can. */
	unsafe: boolean;
}

const harmless: Cost | undefined = undefined;
const cost = (text: string): Cost => ({ text, unsafe: false });
const unsafe = (text: string): Cost => ({ text, unsafe: true });

/** Arguments that change how a broker keeps messages, not what becomes of them. */
const WITHOUT_EFFECT = new Set([
	'x-queue-mode',
	'x-queue-version',
	'x-max-priority',
	'x-queue-master-locator',
	'x-queue-leader-locator',
	'x-quorum-initial-group-size',
	'x-max-in-memory-length',
	'x-max-in-memory-bytes',
]);

/** The costs of all differences of one queue. */
export function costsOf(spec: QueueSpec, differences: readonly Difference[]): Cost[] {
	const current = new Map(differences.map((difference) => [difference.argument, difference.current]));
	return differences.map((difference) => costOf(spec, difference, current)).filter((found) => found !== undefined);
}

function costOf(
	spec: QueueSpec,
	{ argument, current }: Difference,
	all: ReadonlyMap<string, string | undefined>,
): Cost | undefined {
	const wanted = spec.arguments[argument];
	switch (argument) {
		case 'durable':
			return unsafe('its messages are lost when the broker restarts');
		case 'auto_delete':
			return spec.role === 'delay'
				? harmless
				: unsafe('it is deleted, with its messages, when its last consumer leaves');
		case 'x-expires':
			return unsafe(`it is deleted, with its messages, when unused for ${duration(current)}`);
		case 'x-queue-type':
			return current === 'stream' ? unsafe('it is a stream, from which messages cannot be taken') : classic(spec);
		case 'x-message-ttl':
			return timeToLive(spec, current);
		case 'x-dead-letter-exchange':
		case 'x-dead-letter-routing-key':
			return deadLetter(spec, argument, current, all);
		case 'x-dead-letter-strategy':
			// Said already by what it comes from: no exchange to go to, or a classic queue.
			if (all.has('x-queue-type') || all.has('x-dead-letter-exchange')) return harmless;
			return cost('a broker that dies while moving messages on may lose or double them');
		case 'x-delivery-limit':
			return deliveryLimit(spec, current, all);
		case 'x-max-length':
		case 'x-max-length-bytes':
			return length(spec, argument, current, all);
		case 'x-single-active-consumer':
			return spec.role === 'main' && current === 'true' ? cost('only one worker at a time gets mails') : harmless;
		case 'x-overflow':
			return harmless; // counts together with a maximal length only
		default:
			if (WITHOUT_EFFECT.has(argument)) return harmless;
			return cost(
				`its argument ${argument} is ${current ?? 'not set'}${wanted === undefined ? '' : `, not ${wanted}`}`,
			);
	}
}

function classic({ role }: QueueSpec): Cost {
	if (role === 'main') {
		return cost('it is a classic queue: not replicated, and a message that ends its worker comes back for ever');
	}
	if (role === 'delay')
		return cost('it is a classic queue: not replicated, and a broker that dies may lose or double mails');
	return cost('it is a classic queue: not replicated');
}

function timeToLive({ role, arguments: wanted }: QueueSpec, current: string | undefined): Cost {
	if (role === 'delay') {
		if (current === undefined) return unsafe('it has no time to live, so that mails would wait in it for ever');
		return cost(`mails wait ${duration(current)} in it instead of ${duration(wanted['x-message-ttl'])}`);
	}
	return unsafe(`messages leave it unsent after ${duration(current)}`);
}

function deadLetter(
	{ role, arguments: wanted }: QueueSpec,
	argument: string,
	current: string | undefined,
	all: ReadonlyMap<string, string | undefined>,
): Cost | undefined {
	// Both arguments say one thing; the exchange is named first where both differ.
	if (argument === 'x-dead-letter-routing-key' && all.has('x-dead-letter-exchange')) return harmless;
	const onlyKey = argument === 'x-dead-letter-routing-key';
	const key = all.has('x-dead-letter-routing-key')
		? all.get('x-dead-letter-routing-key')
		: wanted['x-dead-letter-routing-key'];
	// The default exchange brings a message to the queue that the key names.
	if (!onlyKey && current === '' && key === wanted['x-dead-letter-routing-key']) return harmless;
	const where = current === undefined ? 'nowhere' : `${onlyKey ? 'under the key' : 'to the exchange'} "${current}"`;
	if (role === 'delay')
		return unsafe(`mails do not come back from it: they go ${where} (unless a policy says otherwise)`);
	if (role === 'parked') return unsafe(`messages may leave it for the exchange "${current}"`);
	return cost(
		`what the broker gives up goes ${where} instead of being parked (unless a policy says otherwise)` +
			(current === undefined ? ': it is lost' : ''),
	);
}

function deliveryLimit(
	{ role, arguments: wanted }: QueueSpec,
	current: string | undefined,
	all: ReadonlyMap<string, string | undefined>,
): Cost | undefined {
	if (all.has('x-queue-type')) return harmless; // said by the type
	if (role === 'main') {
		if (current === undefined) return cost('it sets no delivery limit of its own; RabbitMQ 3 then has none, 4 has 20');
		return cost(`the broker parks a message after ${current} deliveries instead of ${wanted['x-delivery-limit']}`);
	}
	if (role === 'delay' || current === '-1') return harmless;
	return unsafe(`a parked mail is dropped after it was looked at ${current ?? 20} times`);
}

function length(
	{ role }: QueueSpec,
	argument: string,
	current: string | undefined,
	all: ReadonlyMap<string, string | undefined>,
): Cost {
	const bound = `${current} ${argument === 'x-max-length' ? 'messages' : 'bytes'}`;
	if (!all.has('x-overflow') || all.get('x-overflow')?.startsWith('reject-publish')) {
		return cost(`beyond ${bound} it refuses further ones`);
	}
	if (role === 'delay') return cost(`beyond ${bound} the oldest come back early`);
	return unsafe(`beyond ${bound} the oldest are dropped`);
}

const UNITS = [
	[86_400_000, 'd'],
	[3_600_000, 'h'],
	[60_000, 'min'],
	[1_000, 's'],
] as const;

function duration(milliseconds: string | number | undefined): string {
	const value = Number(milliseconds);
	const unit = UNITS.find(([size]) => value >= size && value % size === 0);
	return unit ? `${value / unit[0]} ${unit[1]}` : `${value} ms`;
}
