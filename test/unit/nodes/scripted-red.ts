/** Only as much of Node-RED as the protections of `nodes/runtime` touch, so that each is tested by itself. */
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type {
	AdminHandler,
	AdminRequest,
	NodeAPI,
	NodeRedNode,
	RawNodeConfig,
} from '../../../nodes/runtime/node-red.ts';

/** Where a test that comes so far has its store; not the tree. */
const USER_DIR = mkdtempSync(path.join(tmpdir(), 'clinic-hub-scripted-'));
process.once('exit', () => rmSync(USER_DIR, { recursive: true, force: true }));

/** Who asks; permissions as Node-RED's own names. */
export interface Asked {
	permissions?: readonly string[];
	headers?: Record<string, string>;
	body?: unknown;
}

type Construct = (this: NodeRedNode, config: RawNodeConfig) => void;

export class ScriptedRed {
	readonly routes = new Map<string, AdminHandler[]>();
	readonly types = new Map<string, Construct>();
	readonly warnings: string[] = [];
	/** As deployed. */
	readonly configs: RawNodeConfig[] = [];
	readonly credentials = new Map<string, Record<string, string>>();

	readonly api = {
		events: new EventEmitter(),
		settings: { userDir: USER_DIR },
		httpAdmin: {
			get: (path: string, ...handlers: AdminHandler[]) => void this.routes.set(`GET ${path}`, handlers),
			post: (path: string, ...handlers: AdminHandler[]) => void this.routes.set(`POST ${path}`, handlers),
		},
		auth: {
			needsPermission:
				(needed: string | string[]): AdminHandler =>
				(request, response, next) => {
					const held = (request.user?.permissions ?? []) as string[];
					if ([needed].flat().every((one) => held.includes(one))) next();
					else response.status(401).json({});
				},
		},
		comms: { publish: () => {} },
		log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {}, audit: () => {} },
		_: (key: string) => key,
		util: { getSetting: () => undefined },
		nodes: {
			createNode: () => {},
			getNode: () => null,
			eachNode: (visit: (config: RawNodeConfig) => void) => {
				for (const config of this.configs) visit(config);
			},
			getCredentials: (id: string) => this.credentials.get(id),
			registerType: (type: string, construct: Construct) => void this.types.set(type, construct),
		},
	} as unknown as NodeAPI;

	/** Sends a request through every handler of the route. */
	async ask(
		route: string,
		{ permissions = [], headers = {}, body }: Asked,
	): Promise<{ status: number; body: unknown }> {
		const answered = new EventEmitter();
		const end = once(answered, 'end');
		let status = 0;
		const response = Object.assign(new EventEmitter(), {
			status(code: number) {
				status = code;
				return response;
			},
			json: (answer: unknown) => answered.emit('end', answer),
			setHeader: () => response,
		});
		const json = { 'content-type': 'application/json', ...headers };
		const request = { method: route.split(' ')[0], headers: json, body, query: {}, params: {}, user: { permissions } };
		const handlers = this.routes.get(route);
		if (!handlers) throw new Error(`No route ${route}`);
		const run = (at: number): void =>
			handlers[at]?.(request as unknown as AdminRequest, response as never, () => run(at + 1));
		run(0);
		const [answer] = await end;
		return { status, body: answer };
	}

	/** Makes a node of a registered type; `close` resolves when the node says that it is done. */
	start(config: RawNodeConfig): { close(): Promise<void> } {
		const node = Object.assign(new EventEmitter(), {
			...config,
			status: () => {},
			send: () => {},
			debug: () => {},
			log: () => {},
			warn: (text: string) => void this.warnings.push(text),
			error: () => {},
		});
		this.types.get(config.type)?.call(node as unknown as NodeRedNode, config);
		return { close: () => new Promise((resolve) => node.emit('close', false, resolve)) };
	}
}
