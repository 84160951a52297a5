/** The ready flows, put in place once, where a person has none yet. */

import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface FlowNode {
	id: string;
	type?: string;
	/** Of a tab. */
	disabled?: boolean;
	/** Only `${NAME}` stands here in a ready flow. */
	credentials?: Record<string, string>;
}

/**
 * Writes all flows of `source` into one file unless that file exists; what an analyst made is never touched. Ready flows
 * share the ids of their connections: a node that stands in several of them is one node. Flows that a person must enable
 * come last, for the editor opens the first one.
 * @param source folder with one JSON file a topic; nothing happens when it is missing
 * @param file the flow file that Node-RED will load
 * @param enable topics (names of files in `source` without `.json`) that are on from the start although they come disabled
 * @returns true when the file was written
 */
export function placeReadyFlows(source: string, file: string, enable: readonly string[] = []): boolean {
	if (existsSync(file)) return false;
	const nodes = new Map<string, FlowNode>();
	const flows = globSync('*.json', { cwd: source })
		.sort()
		.map((name) => {
			const flow = JSON.parse(readFileSync(path.join(source, name), 'utf8')) as FlowNode[];
			return { flow, on: isOn(flow), topic: path.parse(name).name };
		});
	for (const { flow, topic } of [...flows.filter(({ on }) => on), ...flows.filter(({ on }) => !on)])
		for (const node of flow) nodes.set(node.id, enable.includes(topic) ? enabled(node) : node);
	if (nodes.size === 0) return false;
	mkdirSync(path.dirname(file), { recursive: true });
	const credentials: Record<string, Record<string, string>> = {};
	const plain = [...nodes.values()].map(({ credentials: own, ...node }) => {
		if (own) credentials[node.id] = own;
		return node;
	});
	const keys = credentialFileOf(file);
	if (!existsSync(keys) && Object.keys(credentials).length > 0) writeWhole(keys, credentials);
	writeWhole(file, plain);
	return true;
}

function isOn(flow: FlowNode[]): boolean {
	return !flow.some(({ type, disabled }) => type === 'tab' && disabled);
}

function enabled(node: FlowNode): FlowNode {
	return node.type === 'tab' ? { ...node, disabled: false } : node;
}

/**
 * Node-RED reads credentials from a file of their own only, not from the flow's nodes, and encrypts what it finds there in
 * plain text with its next write (@node-red/runtime, lib/storage/localfilesystem/projects and lib/nodes/credentials).
 */
function credentialFileOf(file: string): string {
	const { dir, name, ext } = path.parse(file);
	return path.join(dir, `${name}_cred${ext}`);
}

/** Under another name first: a start killed here must not leave half a file, which would count as a person's. */
function writeWhole(file: string, content: unknown): void {
	writeFileSync(`${file}.new`, JSON.stringify(content, null, 4), { mode: 0o600 });
	renameSync(`${file}.new`, file);
}
