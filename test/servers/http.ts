/** An HTTP or HTTPS server that keeps what it is asked and answers as a test says. */
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type Socket } from 'node:net';

export interface ReceivedRequest {
	method: string;
	path: string;
	headers: IncomingHttpHeaders;
	body: string;
}

export interface Answer {
	status?: number;
	headers?: Record<string, string>;
	body?: string;
}

export interface HttpServer extends AsyncDisposable {
	readonly port: number;
	readonly requests: ReceivedRequest[];
	/** Hosts and ports that were asked for by CONNECT; the server then is a proxy. */
	readonly tunnels: string[];
	/** What is answered from now on; `stall`: nothing. */
	answer: (request: ReceivedRequest) => Answer | 'stall';
}

export async function startHttp(
	answer: HttpServer['answer'] = () => ({}),
	options: { tls?: { cert: string; key: string }; port?: number } = {},
): Promise<HttpServer> {
	const handle = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
		const chunks: Buffer[] = [];
		for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
		const { method = '', url = '', headers } = incoming;
		const request = { method, path: url, headers, body: Buffer.concat(chunks).toString('utf8') };
		server.requests.push(request);
		const reply = server.answer(request);
		if (reply !== 'stall') outgoing.writeHead(reply.status ?? 200, reply.headers).end(reply.body);
	};
	const listener = options.tls ? createSecureServer(options.tls, handle) : createServer(handle);
	// A tunnel is no longer one of the server's own connections.
	const sockets = new Set<Socket>();
	listener.on('connection', (socket: Socket) => {
		sockets.add(socket);
		socket.once('close', () => sockets.delete(socket));
	});
	listener.on('connect', (request: IncomingMessage, socket) => {
		server.tunnels.push(request.url ?? '');
		const [host, port] = (request.url ?? '').split(':');
		const onward = connect({ host, port: Number(port) }, () => {
			socket.write('HTTP/1.1 200 OK\r\n\r\n');
			onward.pipe(socket).pipe(onward);
		});
		onward.on('error', () => socket.destroy());
		socket.on('error', () => onward.destroy());
	});
	await new Promise<void>((resolve, reject) => {
		listener.once('error', reject);
		listener.listen(options.port ?? 0, '127.0.0.1', resolve);
	});
	const address = listener.address();
	const server: HttpServer = {
		port: typeof address === 'object' ? (address?.port ?? 0) : 0,
		requests: [],
		tunnels: [],
		answer,
		[Symbol.asyncDispose]: () =>
			new Promise<void>((resolve) => {
				listener.close(() => resolve());
				for (const socket of sockets) socket.destroy();
			}),
	};
	return server;
}
