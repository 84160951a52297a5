/** A lab: systems on this machine, started in the order of what they need and ended together. */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HubError } from '../lib/errors.ts';
import { type Log, silentLog } from '../lib/log.ts';
import { directoryFor, sharedDirectory } from './accounts.ts';
import { Children, tailOf } from './children.ts';
import { type Endpoint, endpoint, LOOPBACK } from './endpoint.ts';
import { type Language, languageOf, say } from './language.ts';
import { freePort, listeners } from './ports.ts';
import { claim, publish, unclaim } from './running.ts';
import { openSecrets } from './secrets.ts';
import type { Address, LabContext, System, Text } from './system.ts';
import { explain } from './taken.ts';
import { until } from './until.ts';

/** How long systems that are starting may take to notice that the lab ends, in ms; later they are killed. */
const ABORT_GRACE_MS = 3_000;

/** The root of the checkout. */
export const ROOT = path.dirname(import.meta.dirname);

export interface LabOptions {
	systems: readonly System[];
	/** Default `.lab` in the checkout, or HUB_LAB_DIR. */
	directory?: string;
	/** Added to every port, or `free`: ports chosen by the operating system, for tests. Default 0. */
	ports?: number | 'free';
	/** Address to listen on. Default 127.0.0.1. */
	host?: string;
	/** Forget everything that an earlier lab of this directory kept. Default false. */
	fresh?: boolean;
	language?: Language;
	log?: Log;
	/** Receives one line at a time for the person at the terminal. Default none. */
	progress?: (system: string, text: string) => void;
}

export class Lab {
	readonly directory: string;
	readonly systems: readonly System[];
	readonly children: Children;
	/** How many processes of an earlier, killed lab were ended on opening this one. */
	leftovers = 0;
	readonly #options: LabOptions;
	readonly #abort = new AbortController();
	readonly #ports = new Map<string, number>();
	readonly #language: Language;
	readonly #secret: (name: string) => string;
	readonly #begun: System[] = [];
	#starting: Promise<void>[] = [];
	#variables: Record<string, string> = {};

	private constructor(options: LabOptions) {
		this.#options = options;
		this.systems = options.systems;
		this.#language = options.language ?? languageOf();
		this.directory = path.resolve(options.directory ?? process.env.HUB_LAB_DIR ?? path.join(ROOT, '.lab'));
		this.children = new Children(ROOT, this.directory);
		this.#secret = openSecrets(this.directory);
	}

	/** Ends what an earlier lab of the directory left, empties it when `fresh`, and settles the ports. Starts nothing. */
	static async open(options: LabOptions): Promise<Lab> {
		const lab = new Lab(options);
		await claim(lab.directory, lab.#language);
		lab.leftovers = await lab.children.endLeftovers();
		if (options.fresh) {
			await rm(lab.directory, { recursive: true, force: true });
			await rm(sharedDirectory(lab.directory), { recursive: true, force: true });
		}
		await claim(lab.directory, lab.#language); // again: `fresh` took it away
		const ports = options.ports ?? 0;
		for (const system of lab.systems) {
			for (const [name, port] of Object.entries(system.ports)) {
				lab.#ports.set(`${system.name}.${name}`, ports === 'free' ? await freePort() : port + ports);
			}
		}
		return lab;
	}

	/** Every port of this lab with the system that listens on it. */
	get ports(): ({ system: string; name: string } & Endpoint)[] {
		return [...this.#ports.keys()].map((key) => {
			const [system = '', name = ''] = key.split('.');
			return { system, name, ...this.#endpoint(system, name) };
		});
	}

	#endpoint(of: string, name: string): Endpoint {
		const port = this.#ports.get(`${of}.${name}`);
		if (port === undefined) throw new HubError('INTERNAL', `No system of this lab declares the port ${of}.${name}`);
		const stays = this.systems.find((system) => system.name === of)?.loopback?.includes(name);
		return endpoint(stays ? LOOPBACK : (this.#options.host ?? LOOPBACK), port);
	}

	/** Variables of the systems that are ready. */
	get variables(): Record<string, string> {
		return { ...this.#variables };
	}

	/** Rows of the closing table, in the systems' order. */
	get addresses(): Address[] {
		return this.systems.flatMap((system) => system.addresses?.(this.context(system)) ?? []);
	}

	/** What a system is lent; also for tests that drive one system alone. */
	context(system: System): LabContext {
		const { fresh = false, log = silentLog } = this.#options;
		const language = this.#language;
		const { children, directory } = this;
		const { signal } = this.#abort;
		const words = (text: Text) => say(language, text);
		return {
			root: ROOT,
			directory: path.join(directory, system.name),
			labDirectory: directory,
			log,
			signal,
			options: { fresh, language },
			port: (of, name) => this.#endpoint(of, name).port,
			endpoint: (of, name) => this.#endpoint(of, name),
			secret: this.#secret,
			variables: () => this.variables,
			progress: (text) => this.#options.progress?.(system.name, words(text)),
			words,
			run: (options) => children.run({ name: system.name, ...options }),
			execute: (options) => children.execute({ signal, ...options }),
			until: (what, check, options = {}) => until(words(what), check, { ...options, signal, language }),
			directoryFor: (user, name) => directoryFor(directory, user, name),
		};
	}

	/** Brings every system up, those beside each other that need nothing of one another; ends all again when one fails. */
	async start(onReady?: (system: System, milliseconds: number) => void): Promise<void> {
		const ready = new Map<string, Promise<void>>();
		const bringUp = async (system: System): Promise<void> => {
			await Promise.all((system.needs ?? []).map((name) => ready.get(name)));
			const begun = performance.now();
			const context = this.context(system);
			await mkdir(context.directory, { recursive: true });
			context.signal.throwIfAborted();
			await system.ensure(context);
			Object.assign(this.#variables, system.variables?.(context));
			context.signal.throwIfAborted();
			this.#begun.push(system);
			await system.start(context);
			await system.ready(context);
			onReady?.(system, performance.now() - begun);
		};
		for (const system of inOrder(this.systems)) {
			const promise = bringUp(system);
			promise.catch(() => {}); // reported below; those that wait for it fail with it
			ready.set(system.name, promise);
		}
		this.#starting = [...ready.values()];
		try {
			await Promise.all(this.#starting);
		} catch (thrown) {
			await this.stop();
			throw thrown;
		}
	}

	/** Ends every system, the last one begun first, then whatever is left of their processes. Never throws for a system. */
	async stop(onStop?: (system: System) => void): Promise<void> {
		this.#abort.abort(new HubError('CANCELLED', 'The lab ends'));
		// A system in the middle of starting gives up at its next look at the signal; ending it before would miss a process.
		await Promise.race([Promise.allSettled(this.#starting), delay(ABORT_GRACE_MS, undefined, { ref: false })]);
		for (const system of this.#begun.splice(0).reverse()) {
			onStop?.(system);
			try {
				await system.stop(this.context(system));
			} catch (thrown) {
				this.#options.log?.warn(`${system.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
			}
		}
		await this.children.endAll();
		await unclaim(this.directory);
	}

	/** Tells other processes how this lab can be reached (`lab.json`); after `start`. */
	async publish(): Promise<void> {
		await publish(this.directory, { ready: true, variables: this.variables, addresses: this.addresses });
	}

	/** Throws `PORT_TAKEN` when something listens on a port of this lab. Before `start`. */
	async checkPorts(): Promise<void> {
		const taken = await listeners(this.ports.map(({ port }) => port));
		if (taken.length > 0) throw new HubError('PORT_TAKEN', await explain(taken, this.ports, this.#language));
	}

	/** The end of a system's log, for a message. */
	async tail(system: System): Promise<string> {
		return tailOf(path.join(this.directory, 'log', `${system.name}.log`));
	}
}

/** Systems so that each stands behind those it needs; a need that is not among them is taken as met. */
function inOrder(systems: readonly System[]): System[] {
	const placed = new Set<string>();
	const left = [...systems];
	const order: System[] = [];
	while (left.length > 0) {
		const index = left.findIndex((system) =>
			(system.needs ?? []).every((name) => placed.has(name) || !systems.some((other) => other.name === name)),
		);
		const [next] = left.splice(index, 1);
		if (index < 0 || next === undefined)
			throw new HubError('INTERNAL', 'Systems of the lab need each other in a circle');
		placed.add(next.name);
		order.push(next);
	}
	return order;
}
