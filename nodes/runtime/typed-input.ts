/** The editor's typed input at run time: a fixed value, a variable, or a property of the message or the context. */

import { HubError } from '../../lib/errors.ts';
import { type Field, FieldProblem } from './fields.ts';
import type { FlowMessage, NodeAPI, NodeRedNode } from './node-red.ts';

const TYPES = ['str', 'num', 'bool', 'env', 'msg', 'flow', 'global', 'json'] as const;
export type TypedInputType = (typeof TYPES)[number];

export interface TypedInput {
	type: TypedInputType;
	value: string;
}

/** Context stores may sit on another machine; a flow must not wait for one for ever. In milliseconds. */
const CONTEXT_TIMEOUT_MS = 10_000;

/** A property that the editor keeps as `{ type, value }`. */
export function typedInput(fallback?: TypedInput): Field<TypedInput> {
	return {
		read(raw) {
			if ((raw === undefined || raw === '') && fallback) return fallback;
			const { type, value } = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
			const known = TYPES.find((name) => name === type);
			if (!known || typeof value !== 'string') throw new FieldProblem('missing');
			return { type: known, value };
		},
	};
}

/**
 * The value for this message. A property that does not exist reads as undefined.
 * @throws HubError `CONFIG_INVALID` when it cannot be read: malformed JSON, a property of nothing, a store that is gone
 */
export function evaluate(
	RED: Pick<NodeAPI, 'util'>,
	node: NodeRedNode,
	input: TypedInput,
	message: FlowMessage,
): Promise<unknown> {
	return new Promise((resolve, reject) => {
		const fail = (reason: string) =>
			reject(new HubError('CONFIG_INVALID', `The value of type ${input.type} cannot be read: ${reason}`));
		const timer = setTimeout(() => fail('the context store does not answer.'), CONTEXT_TIMEOUT_MS);
		try {
			RED.util.evaluateNodeProperty(input.value, input.type, node, message, (error, value) => {
				clearTimeout(timer);
				if (error) fail(error.message);
				else resolve(value);
			});
		} catch (thrown) {
			// Type json throws at once in spite of the callback.
			clearTimeout(timer);
			fail(thrown instanceof Error ? thrown.message : String(thrown));
		}
	});
}
