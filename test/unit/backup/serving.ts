/** A database manager for tests: answers the call for a backup as told, faults included. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Answer = (response: ServerResponse, request: number) => unknown;

export interface Serving {
	url: string;
	/** Backups that were asked for so far. */
	requests: number;
	close(): void;
}

/** As much of the manager's page as it is known by. */
const MANAGER_PAGE = '<form action="/web/database/change_password"><input name="master_pwd" type="password"/></form>';

/** @param answer given the number of the request, from 1 */
export async function serve(answer: Answer): Promise<Serving> {
	const serving: Serving = { url: '', requests: 0, close: () => undefined };
	const server = createServer((request, response) => {
		request.resume();
		if (request.method === 'GET') return void response.end(MANAGER_PAGE);
		serving.requests++;
		response.setHeader('content-type', 'application/octet-stream');
		void Promise.resolve(answer(response, serving.requests)).catch(() => response.destroy());
	});
	await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
	serving.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	serving.close = () => {
		server.close();
		server.closeAllConnections();
	};
	return serving;
}

/** Chunked, as Odoo does, without a length. */
export const whole =
	(bytes: Buffer): Answer =>
	(response) => {
		response.write(bytes);
		response.end();
	};

/** Says nothing more, and stays. */
export const silentAt =
	(bytes: Buffer, at: number): Answer =>
	(response) => {
		response.flushHeaders();
		if (at > 0) response.write(bytes.subarray(0, at));
	};
