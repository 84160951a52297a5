/** What a connection (config node) offers to the nodes that choose it. */

import { HubError } from '../../lib/errors.ts';
import type { NodeAPI, NodeRedNode } from './node-red.ts';

/** Ties the type of a config node to what it offers, for example `connectionOf<BrokerConnection>('amqp-broker')`. */
export interface Connection<T> {
	readonly type: string;
	/** Never set; carries the type. */
	readonly offers?: T;
}

export function connectionOf<T>(type: string): Connection<T> {
	return { type };
}

const offered = new WeakMap<NodeRedNode, Promise<unknown>>();

/** Keeps what the node offers; a node that cannot be used offers a rejected promise. */
export function offer(node: NodeRedNode, value: Promise<unknown>): void {
	// Nobody may ask: a rejection that is never taken up would end the process.
	value.catch(() => {});
	offered.set(node, value);
}

/**
 * What the node with that id offers.
 * @throws HubError `CONFIG_INVALID` when it is missing, of another type, or not ready (the text lists what it lacks)
 */
export async function connectionById<T>(
	RED: Pick<NodeAPI, 'nodes'>,
	connection: Connection<T>,
	id: string | undefined,
): Promise<T> {
	const node = id ? RED.nodes.getNode(id) : null;
	const value = node?.type === connection.type ? offered.get(node) : undefined;
	if (!value)
		throw new HubError(
			'CONFIG_INVALID',
			`The chosen connection (${connection.type}) does not exist or is disabled: choose another one and deploy.`,
		);
	return (await value) as T;
}
