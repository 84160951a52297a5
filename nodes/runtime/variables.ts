/** `${NAME}` in properties that did not go through Node-RED, which replaces it in deployed nodes only. */

import type { NodeAPI } from './node-red.ts';

/** Like Node-RED: only a whole value is a variable, and one that does not exist is left as it stands. */
const VARIABLE = /^\$\{(\S+)\}$/;

/**
 * Replaces variables in the values of a record, one level deep.
 * @param id of the node, whose flow and groups may define variables; the process environment where it is not deployed
 */
export function replaceVariables(
	RED: Pick<NodeAPI, 'nodes' | 'util'>,
	record: Record<string, unknown>,
	id: string,
): Record<string, unknown> {
	const node = RED.nodes.getNode(id) ?? undefined;
	return Object.fromEntries(
		Object.entries(record).map(([name, value]) => {
			const variable = typeof value === 'string' ? VARIABLE.exec(value)?.[1] : undefined;
			return [name, variable === undefined ? value : (RED.util.getSetting(node, variable) ?? value)];
		}),
	);
}
