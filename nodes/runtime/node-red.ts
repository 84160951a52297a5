/**
 * The part of Node-RED's API that this package uses, as types. Node-RED ships none; these are read from
 * `@node-red/registry/lib/util.js` (createNodeApi) and `@node-red/runtime/lib/nodes/Node.js` of 5.0.
 */

import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/** A message of a flow. Wired to two nodes it is cloned deeply: plain data only. */
export interface FlowMessage {
	_msgid?: string;
	topic?: unknown;
	payload?: unknown;
	[property: string]: unknown;
}

/** What an output takes: nothing, one message or several in a row. */
export type OutputMessage = FlowMessage | FlowMessage[] | null | undefined;
export type Send = (messages: FlowMessage | OutputMessage[]) => void;
export type Done = (error?: Error) => void;

export interface NodeStatusObject {
	fill?: 'red' | 'green' | 'yellow' | 'blue' | 'grey';
	shape?: 'ring' | 'dot';
	text?: string;
}

export interface NodeContextStore {
	get(key: string, store: string | undefined, callback: (error: Error | null, value?: unknown) => void): void;
}

/** The object that Node-RED makes of a node of a flow. */
export interface NodeRedNode {
	readonly id: string;
	readonly type: string;
	readonly name?: string;
	/** The flow it stands on; missing for a global config node. */
	readonly z?: string;
	/** Filled by createNode, `${ENV}` already replaced. */
	credentials?: Record<string, string>;
	/** `input` and `close` are called by the number of their parameters: keep the arity of these signatures. */
	on(event: 'input', handler: (message: FlowMessage, send: Send, done: Done) => void): void;
	on(event: 'close', handler: (removed: boolean, done: () => void) => void): void;
	send: Send;
	status(status: NodeStatusObject): void;
	debug(text: string): void;
	log(text: string): void;
	warn(text: string): void;
	error(text: string | Error, message?: FlowMessage): void;
	context(): { flow: NodeContextStore; global: NodeContextStore };
}

/** A node's properties as they stand in the flow file, `${ENV}` replaced where the variable exists. */
export interface RawNodeConfig {
	id: string;
	type: string;
	name?: string;
	z?: string;
	[property: string]: unknown;
}

export type CredentialTypes = Record<string, { type: 'text' | 'password' }>;

/** The person of a request, where the editor has a sign-in. */
export interface SignedInUser {
	username?: string;
	anonymous?: boolean;
	permissions?: string | string[];
}

export interface AdminRequest extends IncomingMessage {
	body?: unknown;
	params: Record<string, string>;
	query: Record<string, unknown>;
	user?: SignedInUser;
}

export interface AdminResponse extends ServerResponse {
	status(code: number): this;
	json(body: unknown): this;
}

export type AdminHandler = (request: AdminRequest, response: AdminResponse, next: (error?: unknown) => void) => void;

export interface AdminApp {
	get(path: string, ...handlers: AdminHandler[]): void;
	post(path: string, ...handlers: AdminHandler[]): void;
}

export interface NodeAPI {
	version(): string;
	/** Text of the node's own catalogue, or of another one as `<namespace>:<key>`, in the language of the runtime. */
	_(key: string, values?: Record<string, unknown>): string;
	events: EventEmitter;
	/** null where the editor is switched off by `httpAdminRoot: false`. */
	httpAdmin: AdminApp | null;
	server: Server;
	auth: { needsPermission(permission: string | string[]): AdminHandler };
	comms: { publish(topic: string, data: unknown, retain?: boolean): void };
	settings: { userDir?: string; [name: string]: unknown };
	log: {
		debug(text: string): void;
		info(text: string): void;
		warn(text: string): void;
		error(text: string): void;
		audit(event: Record<string, unknown>): void;
	};
	util: {
		/** A variable of the node's groups, flow and environment; of the environment alone without a node. */
		getSetting(node: NodeRedNode | undefined, name: string): unknown;
		evaluateNodeProperty(
			value: string,
			type: string,
			node: NodeRedNode,
			message: FlowMessage,
			callback: (error: Error | null, value?: unknown) => void,
		): void;
	};
	nodes: {
		createNode(node: NodeRedNode, config: RawNodeConfig): void;
		getNode(id: string): NodeRedNode | null;
		/** Visits the deployed configuration of every node, as stored: `${ENV}` not replaced, without credentials. */
		eachNode(visit: (config: RawNodeConfig) => void): void;
		/** As stored: `${ENV}` not replaced. */
		getCredentials(id: string): Record<string, string> | undefined;
		registerType(
			type: string,
			construct: (this: NodeRedNode, config: RawNodeConfig) => void,
			options?: { credentials?: CredentialTypes; settings?: Record<string, { value: unknown; exportable: boolean }> },
		): void;
	};
	plugins: { registerPlugin(id: string, definition: Record<string, unknown>): void };
}
