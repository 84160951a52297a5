/** One AMQP connection, from the first byte to its end. Nothing here tries again: `broker.ts` does. */
import { createConnection, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { ChannelModel, SocketOptions } from 'amqplib';
import { HubError } from '../errors.ts';
import { type Address, endpoint } from './address.ts';
import { settledWithin, withDeadline } from './deadline.ts';
import { connectFailure, lostFailure } from './failure.ts';
import { guardHeaders } from './header-guard.ts';

/** TCP, TLS and AMQP's handshake take milliseconds nearby; a broker under load was seen to need 2 s. In ms. */
export const CONNECT_TIMEOUT_MS = 10_000;

export interface Link {
	readonly model: ChannelModel;
	/** As the broker says, e.g. `3.10.8`; empty when it does not say. */
	readonly serverVersion: string;
	/** Why the broker takes no messages now (its memory or disk alarm); undefined while it does. */
	readonly blocked: string | undefined;
	/** Resolves with the reason when the connection ends without `close`; never rejects. */
	readonly lost: Promise<HubError>;
	/** Says goodbye, waits at most `graceMs`, then cuts. Never rejects. */
	close(graceMs: number): Promise<void>;
}

export interface LinkOptions {
	/** Shown in the management's list of connections. */
	connectionName: string;
	/** Default 10,000. */
	timeoutMs?: number | undefined;
	signal?: AbortSignal | undefined;
	/** The broker stopped taking messages (a reason) or takes them again (undefined). */
	onBlocked?: (reason: string | undefined) => void;
}

/** Opens one connection. Throws AMQP_CREDENTIALS, AMQP_UNREACHABLE, TIMEOUT or CANCELLED. */
export async function openLink(address: Address, options: LinkOptions): Promise<Link> {
	const { connect } = await import('amqplib');
	const cut = new AbortController();
	let socket: Socket | undefined;
	const opening = (async () => {
		// tls.connect takes no signal, so it gets a socket that can be cut; net.connect takes the signal itself.
		if (address.tls) socket = createConnection({ host: address.host, port: address.port, signal: cut.signal });
		if (socket) await connected(socket);
		// `signal` is net.connect's; amqplib hands its socket options on as they are.
		const socketOptions: SocketOptions & { signal?: AbortSignal } = {
			...(address.tls as SocketOptions | undefined),
			...(socket ? { socket } : { signal: cut.signal }),
			noDelay: true,
			keepAlive: true,
			clientProperties: { connection_name: options.connectionName },
		};
		return connect(
			{
				protocol: address.tls ? 'amqps' : 'amqp',
				hostname: address.host,
				port: address.port,
				username: address.user,
				password: address.password,
				vhost: encodeURIComponent(address.vhost), // amqplib unescapes it, also when it is not part of a URL
				heartbeat: address.heartbeatSeconds,
			},
			socketOptions,
		);
	})();
	try {
		const model = await withDeadline(opening, {
			timeoutMs: options.timeoutMs ?? CONNECT_TIMEOUT_MS,
			signal: options.signal,
			text: () => `What listens at ${endpoint(address)} did not complete AMQP's handshake in time.`,
		});
		return new OpenLink(model, address, options.onBlocked);
	} catch (thrown) {
		// The attempt may yet come to something; whatever it is, nobody wants it any more.
		opening.then(
			(model) => streamOf(model).destroy(),
			() => {}, // reported already, or of no interest after a time-out
		);
		cut.abort();
		throw connectFailure(thrown, address);
	}
}

function connected(socket: Socket): Promise<void> {
	return new Promise((resolve, reject) => {
		socket.once('connect', () => resolve());
		socket.on('error', reject); // stays: an error that nobody hears ends the process
	});
}

/** amqplib has no way to cut a connection whose other side says nothing; its socket has. */
function streamOf(model: ChannelModel): Duplex {
	return (model.connection as unknown as { stream: Duplex }).stream;
}

class OpenLink implements Link {
	readonly model: ChannelModel;
	readonly serverVersion: string;
	readonly lost: Promise<HubError>;
	blocked: string | undefined;
	#ended = false;

	constructor(model: ChannelModel, address: Address, onBlocked: LinkOptions['onBlocked']) {
		this.model = model;
		guardHeaders(model.connection);
		this.serverVersion = String(model.connection.serverProperties.version ?? '');
		this.lost = new Promise((resolve) => {
			let last: unknown;
			model.on('error', (error) => (last = error));
			model.on('close', (error) => {
				this.#ended = true;
				streamOf(model).destroy(); // else a mute peer keeps half a connection open
				resolve(lostFailure(error ?? last, address));
			});
		});
		const block = (reason: string | undefined) => {
			this.blocked = reason;
			onBlocked?.(reason);
		};
		model.on('blocked', (reason) => block(String(reason)));
		model.on('unblocked', () => block(undefined));
	}

	async close(graceMs: number): Promise<void> {
		if (this.#ended) return;
		const goodbye = this.model.close();
		goodbye.catch(() => {}); // already ended, which is what was asked for
		if (await settledWithin(goodbye, graceMs)) return;
		// With an error, so that amqplib ends its channels and rejects what waits on them.
		streamOf(this.model).destroy(new HubError('CANCELLED', 'The connection was closed'));
	}
}
