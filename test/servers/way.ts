/** The way from a client to a real TCP server: open, refused, mute, or without an answer to what is published. */
import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';

/** Stands in every message of an order. */
const PUBLISHED = 'order.confirmed';

/**
 * `mode` holds for connections made from now on: forwarded, closed at once, accepted and never answered, or forwarded with
 * what the server says after a message has passed held back.
 */
export class Way {
	mode: 'open' | 'refuse' | 'mute' | 'unanswered' = 'open';
	/** Connections on which a message has passed whose answer is held back. */
	unanswered = 0;
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

	/** Ends every connection there is; new ones are still accepted. */
	cut(): void {
		for (const socket of this.#sockets) socket.destroy();
	}

	close(): void {
		this.cut();
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
		if (this.mode === 'unanswered') {
			client.on('data', (data: Buffer) => {
				if (!data.includes(PUBLISHED)) return;
				broker.unpipe(client).resume();
				this.unanswered += 1;
			});
		}
		client.pipe(broker).pipe(client);
	}
}
