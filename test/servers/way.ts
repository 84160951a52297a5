/** The way from a client to a real TCP server: open, refused, or mute. */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** `mode` holds for connections made from now on: forwarded, closed at once, or accepted and never answered. */
export class Way {
	mode: 'open' | 'refuse' | 'mute' = 'open';
	readonly #server = createServer((client) => this.#accept(client));
	readonly #sockets = new Set<Socket>();
	readonly #held = new Set<Socket>();
	readonly #target: number;

	constructor(target: number) {
		this.#target = target;
	}

	async listen(): Promise<number> {
		this.#server.listen(0, '127.0.0.1');
		await once(this.#server, 'listening');
		return (this.#server.address() as { port: number }).port;
	}

	/** Connections that were accepted mute and are still open. */
	get held(): number {
		return this.#held.size;
	}

	close(): void {
		for (const socket of this.#sockets) socket.destroy();
		this.#server.close();
	}

	#accept(client: Socket): void {
		if (this.mode === 'refuse') {
			client.destroy();
			return;
		}
		this.#sockets.add(client);
		client.on('close', () => this.#sockets.delete(client)).on('error', () => client.destroy());
		if (this.mode === 'mute') {
			this.#held.add(client);
			client.on('close', () => this.#held.delete(client)).resume();
			return;
		}
		const broker = createConnection(this.#target, '127.0.0.1');
		broker.on('error', () => client.destroy());
		client.on('close', () => broker.destroy());
		client.pipe(broker).pipe(client);
	}
}
