/** Which node's dialog is open: while it is, the checks of its fields go by what the dialog holds, not by what is deployed. */

import type { EditorNode } from '../../runtime/editor/red.ts';
import { input, isChecked } from './input.ts';

let edited: EditorNode | undefined;

/** @param node whose dialog is open; none: it closes */
export function editing(node: EditorNode | undefined): void {
	edited = node;
}

/** Whether the node has queue, schema and templates of its own. */
export function isCustom(node: Record<string, unknown>): boolean {
	return (node === edited ? input('kind').value : node['kind']) === 'custom';
}

/** Whether the order's document is to be attached. */
export function attachesDocument(node: Record<string, unknown>): boolean {
	return node === edited ? isChecked('attachDocument') : node['attachDocument'] === true;
}
