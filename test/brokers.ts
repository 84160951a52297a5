/** A client of a test broker, with pauses that a test can wait for, and waiting for its states. */
import type { TestContext } from 'node:test';
import { Broker, type BrokerOptions, type BrokerState } from '../lib/amqp/broker.ts';
import { ADMIN, type TestBroker, type TestUser } from './broker.ts';

/** Everything awaited here takes milliseconds; this ends a test that waits for what never comes. In ms. */
const WAIT_MS = 20_000;

export const FAST_RETRY = { minMs: 50, maxMs: 200, refusedMs: 200 };

export interface ClientOptions extends BrokerOptions {
	as?: TestUser;
}

/** Reads `vhost` of the broker, as the administrator unless told otherwise; released after the test. */
export function client(t: TestContext, rabbit: TestBroker, vhost: string, options: ClientOptions = {}): Broker {
	const { as = ADMIN, ...own } = options;
	const broker = new Broker({ retry: FAST_RETRY, ...rabbit.options(vhost, as), ...own });
	broker.acquire();
	t.after(() => broker.release());
	return broker;
}

/** The state, as soon as `wanted` is true of it. */
export function stateOf(broker: Broker, wanted: (state: BrokerState) => boolean): Promise<BrokerState> {
	return new Promise((resolve, reject) => {
		const done = () => {
			clearTimeout(timer);
			off();
		};
		const look = (state: BrokerState) => {
			if (!wanted(state)) return;
			done();
			resolve(state);
		};
		const timer = setTimeout(() => {
			done();
			reject(new Error(`The broker's state stays ${JSON.stringify(broker.state)}`));
		}, WAIT_MS);
		const off = broker.onState(look);
		look(broker.state);
	});
}

export function phase(broker: Broker, wanted: BrokerState['phase']): Promise<BrokerState> {
	return stateOf(broker, (state) => state.phase === wanted);
}

/** Values in the order in which they come, each awaited at most so long. */
export class Inbox<T> {
	readonly #values: T[] = [];
	#wake: (() => void) | undefined;

	put(value: T): void {
		this.#values.push(value);
		this.#wake?.();
	}

	async next(): Promise<T> {
		const deadline = Date.now() + WAIT_MS;
		while (this.#values.length === 0) {
			await new Promise<void>((resolve, reject) => {
				const timer = setTimeout(() => reject(new Error('Nothing came')), deadline - Date.now());
				this.#wake = () => {
					clearTimeout(timer);
					resolve();
				};
			});
		}
		return this.#values.shift() as T;
	}
}

/** A message of which nothing but the body matters. */
export const message = (routingKey: string, body: string, exchange = '') => ({
	exchange,
	routingKey,
	body: Buffer.from(body),
	properties: {},
});
