/** Contents on their way in and out. */
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import * as api from './api.ts';
import { begin, callerOf, type DriveStandIn, end, Hangup, json, jsonOf, withFault } from './exchange.ts';
import { readMultipart } from './multipart.ts';
import { invalid, Refusal } from './refusal.ts';

/** A file's bytes, all of them or the range asked for. */
export async function media(
	drive: DriveStandIn,
	request: IncomingMessage,
	response: ServerResponse,
	call: api.Call,
	id: string,
): Promise<void> {
	const fault = drive.faults.take('media');
	begin(fault, request);
	// Contents of shared drives come without supportsAllDrives, too: rclone asks so.
	const item = drive.records.reach(call.caller, id, 'read', true);
	const { size } = item;
	if (size === undefined)
		throw new Refusal(403, 'fileNotDownloadable', 'Only files with binary content can be downloaded.');
	const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
	const start = Number(first ?? 0);
	const end = Math.min(size, last ? Number(last) + 1 : size);
	if (first !== undefined && start >= size) {
		response.setHeader('content-range', `bytes */${size}`);
		throw new Refusal(416, 'requestedRangeNotSatisfiable', 'Request range not satisfiable');
	}
	const range = first === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${size}` };
	response.writeHead(first === undefined ? 200 : 206, {
		'content-length': end - start,
		'content-type': item.mimeType,
		...range,
	});
	if (end === start) return void response.end();
	const cut = fault?.kind === 'cut' ? Math.min(fault.afterBytes ?? 0, end - start) : Number.POSITIVE_INFINITY;
	const content = createReadStream(drive.records.contentFile(id), { start, end: end - 1 });
	const left = new AbortController();
	response.once('close', () => left.abort());
	let sent = 0;
	for await (const chunk of content as AsyncIterable<Buffer>) {
		if (fault?.kind === 'spoil' && sent === 0) {
			fault.happens();
			chunk[0] = (chunk[0] ?? 0) ^ 1;
		}
		sent += chunk.length;
		if (sent >= cut) {
			fault?.happens();
			return void response.destroy();
		}
		if (!response.write(chunk)) {
			await once(response, 'drain', { signal: left.signal }).catch(() => {}); // or it was closed
		}
		if (response.destroyed) return;
	}
	response.end();
}

/** Opens a resumable session, or takes what belongs to one. */
export async function upload(
	drive: DriveStandIn,
	request: IncomingMessage,
	response: ServerResponse,
	url: URL,
): Promise<void> {
	const id = url.searchParams.get('upload_id');
	if (id !== null) return session(drive, request, response, id);
	const caller = callerOf(drive, request);
	const { searchParams: query } = url;
	const call = { records: drive.records, caller, query };
	if (request.method === 'POST' && query.get('uploadType') === 'multipart') {
		const { metadata, content, type } = await readMultipart(request);
		const item = api.newItem(
			call,
			type && metadata['mimeType'] === undefined ? { ...metadata, mimeType: type } : metadata,
		);
		await drive.uploads.whole(caller, item, content);
		json(response, 200, api.answer(call, item));
		return;
	}
	if (request.method !== 'POST' || query.get('uploadType') !== 'resumable') {
		throw invalid('The stand-in takes resumable and multipart uploads only.');
	}
	await withFault(drive, 'session', request, response, async () => {
		const body = await jsonOf(request);
		const announced = request.headers['x-upload-content-length'];
		const size = announced === undefined ? undefined : Number(announced);
		const type = request.headers['x-upload-content-type'];
		const item = api.newItem(call, type && body['mimeType'] === undefined ? { ...body, mimeType: type } : body);
		const parent = drive.records.find(item.parent ?? '');
		if (parent) drive.records.requireSpace(caller, parent, size ?? 0);
		const session = await drive.uploads.begin(caller, item, size, query.get('fields') ?? undefined);
		query.set('upload_id', session);
		const headers = {
			location: `${originOf(request)}/upload/drive/v3/files?${query}`,
			'x-guploader-uploadid': session,
		};
		response.writeHead(200, { ...headers, 'content-length': 0 }).end();
	});
}

async function session(
	drive: DriveStandIn,
	request: IncomingMessage,
	response: ServerResponse,
	id: string,
): Promise<void> {
	if (request.headers.authorization !== undefined) callerOf(drive, request);
	if (request.method === 'DELETE') {
		await drive.uploads.forget(id);
		return void response.writeHead(499).end();
	}
	const fault = drive.faults.take(drive.uploads.kindOf(request));
	if (fault?.kind === 'forget') {
		fault.happens();
		await drive.uploads.forget(id);
		throw new Refusal(fault.status, fault.status === 404 ? 'notFound' : 'gone', 'The upload session is gone.');
	}
	begin(fault, request);
	const result = await drive.uploads.take(id, request, fault);
	if (request.destroyed && !request.complete) throw new Hangup();
	if (result.done && fault?.kind === 'unhashed') {
		fault.happens();
		drive.records.unhashed.set(result.item.id, fault.answers ?? Number.POSITIVE_INFINITY);
	}
	end(fault);
	if (result.done) {
		const call = { records: drive.records, caller: result.caller, query: new URLSearchParams() };
		json(response, 200, api.answer(call, result.item, result.fields));
		return;
	}
	drive.uploads.told(id);
	const range = result.kept > 0 ? { range: `bytes=0-${result.kept - 1}` } : {};
	response.writeHead(308, { ...range, 'content-length': 0 }).end();
}

/** As the client reached it, which keeps a session at the address that its tokens go to. */
function originOf({ headers, socket }: IncomingMessage): string {
	return `${'encrypted' in socket ? 'https' : 'http'}://${headers.host}`;
}
