/** A TCP proxy in front of a real server that plays the faults of a network: cut, mute, slow, refused, answers lost. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/** Bytes that a slowed direction of a connection holds before it reads no further. */
const BUFFER_BYTES = 1024 * 1024;

export interface Slowness {
	/** Each chunk arrives so much later, ms. Default 0. */
	latencyMs?: number;
	/** For each direction of each connection. Default unlimited. */
	bytesPerSecond?: number;
}

interface Target {
	host: string;
	port: number;
}

/**
 * Listens on loopback from `start` to `close`. Faults concern present and new connections alike, hold until `forward`, and
 * may be combined: `refuse()` and `cut()` together are a server that is gone.
 */
export class FaultProxy {
	readonly host = '127.0.0.1';
	/** Chosen by the operating system; the same for as long as the proxy lives. */
	port = 0;
	readonly #target: Target;
	readonly #sockets = new Set<Socket>();
	readonly #clients = new Set<Socket>();
	readonly #server: Server;
	#slowness: Required<Slowness> = { latencyMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };
	/** What a client sends is compared with it. */
	#mark: string | undefined;
	/** The server's ends of connections on which the mark has passed. */
	readonly #unanswered = new Set<Socket>();
	/** Pending while mute. */
	#heard: PromiseWithResolvers<void> | undefined;

	private constructor(target: Target) {
		this.#target = target;
		this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
	}

	static async start(target: Target): Promise<FaultProxy> {
		const proxy = new FaultProxy(target);
		await proxy.#listen();
		return proxy;
	}

	/** Connections that clients have open through it. */
	get connections(): number {
		return this.#clients.size;
	}

	/** Ends every present connection at both ends with a reset, as a firewall or a crash does. */
	cut(): void {
		for (const socket of this.#sockets) socket.resetAndDestroy();
	}

	/** Forwards nothing any more, in no direction, not even an end; connections stay open and new ones are accepted. */
	mute(): void {
		this.#heard ??= Promise.withResolvers<void>();
	}

	slow({ latencyMs = 0, bytesPerSecond = Number.POSITIVE_INFINITY }: Slowness): void {
		this.#slowness = { latencyMs, bytesPerSecond };
	}

	/**
	 * Hands on what holds `text`, and on the same connection nothing any more that the server says. That stays so for this
	 * connection, as what was lost cannot come later; `forward` ends it for the others.
	 */
	loseAnswersTo(text: string): void {
		this.#mark = text;
	}

	/** Connections on which answers are lost. */
	get unanswered(): number {
		return this.#unanswered.size;
	}

	/** Takes no new connections: the system answers them with "connection refused". Present ones go on. */
	refuse(): void {
		if (this.#server.listening) this.#server.close();
	}

	/** Ends every fault; what was held back while mute is delivered now. */
	async forward(): Promise<void> {
		this.#mark = undefined;
		this.#slowness = { latencyMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };
		this.#heard?.resolve();
		this.#heard = undefined;
		if (!this.#server.listening) await this.#listen();
	}

	close(): void {
		this.refuse();
		for (const socket of this.#sockets) socket.destroy();
		this.#heard?.resolve();
	}

	async #listen(): Promise<void> {
		this.#server.listen(this.port, this.host);
		await once(this.#server, 'listening');
		this.port = (this.#server.address() as AddressInfo).port;
	}

	#accept(client: Socket): void {
		const server = connect({ ...this.#target, allowHalfOpen: true });
		this.#clients.add(client);
		client.on('close', () => this.#clients.delete(client));
		this.#join(client, server);
		this.#join(server, client);
	}

	#join(socket: Socket, other: Socket): void {
		this.#sockets.add(socket);
		socket.setNoDelay(true);
		socket.on('error', () => {}); // a reset; 'close' follows and is what the other end learns
		socket.on('close', async () => {
			this.#sockets.delete(socket);
			this.#unanswered.delete(socket);
			await this.#heard?.promise;
			other.destroySoon();
		});
		void this.#pump(socket, other);
	}

	/** Hands on one direction, in order, each chunk at its time. */
	async #pump(from: Socket, to: Socket): Promise<void> {
		let last: Promise<void> = Promise.resolve();
		let held = 0;
		let free = 0;
		const pass = (chunk: Buffer): Promise<void> => {
			const { latencyMs, bytesPerSecond } = this.#slowness;
			const now = performance.now();
			free = Math.max(free, now) + (chunk.length / bytesPerSecond) * 1_000;
			const wait = free + latencyMs - now;
			const due = wait >= 1 ? delay(wait) : undefined;
			return last.then(async () => {
				await due;
				await this.#heard?.promise;
				held -= chunk.length;
				await new Promise<void>((written, failed) => to.write(chunk, (error) => (error ? failed(error) : written())));
			});
		};
		try {
			for await (const chunk of from as AsyncIterable<Buffer>) {
				if (this.#unanswered.has(from)) continue;
				if (this.#mark !== undefined && this.#clients.has(from) && chunk.includes(this.#mark)) this.#unanswered.add(to);
				held += chunk.length;
				last = pass(chunk);
				last.catch(() => {}); // `to` has ended; its 'close' ends `from` too
				if (held > BUFFER_BYTES) await last;
			}
			await last;
			await this.#heard?.promise;
			to.end();
		} catch {
			// One end was cut; its 'close' ends the other.
		}
	}
}
