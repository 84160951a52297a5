/** Odoo with `workers > 0` answers in HTTP/1.0: without chunks, and the end of the connection is that of the answer. */
import type { ServerResponse } from 'node:http';

const STATUS_LINE = 'HTTP/1.1 ';

/** To be called before anything is answered. Node's own server writes 1.1 always. */
export function answerAsWorker(response: ServerResponse): void {
	response.useChunkedEncodingByDefault = false;
	const { socket } = response;
	if (!socket) return;
	const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
	socket.write = (data: unknown, ...rest: unknown[]) => {
		const begins = typeof data === 'string' && data.startsWith(STATUS_LINE);
		return write(begins ? `HTTP/1.0 ${data.slice(STATUS_LINE.length)}` : data, ...rest);
	};
}
