/**
 * A process of its own that gives files of a folder, as fast as it can or at the rate that the address asks for
 * (`/name?rate=<bytes a second>`). For the hub it is the database manager of an Odoo whose databases have such names. Prints
 * its port.
 */
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';

const directory = process.argv[2] ?? '.';
/** Read at once; small enough that a rate is even. */
const PIECE_BYTES = 262_144;
/** As much of the manager's page as it is known by. */
const MANAGER_PAGE = '<form action="/web/database/change_password"><input name="master_pwd" type="password"/></form>';

const server = createServer(async (request, response) => {
	if (request.url === '/web/database/manager') return void response.end(MANAGER_PAGE);
	const asked = request.method === 'POST' ? new URLSearchParams(await text(request)).get('name') : undefined;
	if (asked) response.setHeader('content-type', 'application/octet-stream');
	const url = new URL(asked ?? request.url ?? '/', 'http://localhost');
	const bytesPerMs = Number(url.searchParams.get('rate') ?? 0) / 1_000;
	const file = createReadStream(path.join(directory, path.basename(url.pathname)), { highWaterMark: PIECE_BYTES });
	if (bytesPerMs === 0) {
		file.pipe(response);
		return;
	}
	const begin = performance.now();
	let bytes = 0;
	for await (const piece of file as AsyncIterable<Buffer>) {
		bytes += piece.length;
		const ahead = begin + bytes / bytesPerMs - performance.now();
		if (ahead > 1) await wait(ahead);
		if (!response.write(piece)) await new Promise((resolve) => response.once('drain', resolve));
	}
	response.end();
});
server.listen(0, '127.0.0.1', () => console.log((server.address() as AddressInfo).port));
