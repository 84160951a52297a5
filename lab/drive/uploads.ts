/** Resumable sessions: no file exists before the last byte has been accepted. */
import { createHash, type Hash, randomBytes } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import path from 'node:path';
import { askedDigests, type Digest } from './digests.ts';
import type { Taken } from './faults.ts';
import type { Item, Records } from './records.ts';
import { Refusal } from './refusal.ts';
import type { Caller } from './world.ts';

/** Drive keeps multiples of that of a chunk that does not end the file, in bytes. */
const UNIT = 256 * 1024;
/** A session lives so long, in ms. */
const LIFE_MS = 7 * 24 * 3_600_000;

interface Session {
	id: string;
	caller: Caller;
	fields: string | undefined;
	item: Item;
	/** Announced by X-Upload-Content-Length, or by the first chunk. */
	size: number | undefined;
	begun: number;
	/** Bytes kept. */
	kept: number;
	/** Bytes that the client was told are kept. */
	told: number;
	/** Those that will be asked for; others are computed when somebody does. */
	hashes: Map<Digest, Hash>;
	file: FileHandle;
	/** The last write; the next bytes are received meanwhile. */
	writing: Promise<unknown>;
	done: boolean;
}

/** What came with one call. */
export interface Arrival {
	/** Of the session. */
	session: string;
	/** Name of the file. */
	name: string;
	/** First byte, and one behind the last one that came. */
	start: number;
	end: number;
	/** Bytes from the start of which the client had been told before that they are kept. */
	told: number;
}

export type ChunkResult =
	| { done: false; kept: number }
	| { done: true; item: Item; caller: Caller; fields: string | undefined };

export class Uploads {
	readonly #records: Records;
	readonly #sessions = new Map<string, Session>();
	/** Bytes that came although the client had been told that they are kept. */
	sentTwice = 0;
	/** Bytes of bodies that came in all. */
	received = 0;
	/** Sessions ever opened. */
	opened = 0;
	/** Everything that came, call by call. */
	readonly arrivals: Arrival[] = [];

	constructor(records: Records) {
		this.#records = records;
	}

	async begin(caller: Caller, item: Item, size: number | undefined, fields: string | undefined): Promise<string> {
		const id = randomBytes(30).toString('base64url');
		const hashes = new Map(askedDigests(fields).map((name) => [name, createHash(name)]));
		const file = await open(this.#fileOf(id), 'w');
		const begun = this.#records.now();
		const progress = { begun, kept: 0, told: 0, hashes, file, writing: Promise.resolve(), done: false };
		this.#sessions.set(id, { id, caller, fields, item, size, ...progress });
		this.opened += 1;
		return id;
	}

	/** A file that came in one request. */
	async whole(caller: Caller, item: Item, content: Buffer): Promise<void> {
		const session = this.#sessions.get(await this.begin(caller, item, content.length, undefined));
		if (!session) return;
		for (const hash of session.hashes.values()) hash.update(content);
		await session.file.write(content);
		session.kept = content.length;
		this.received += content.length;
		await this.#finish(session);
	}

	/** Ends every session; what came so far is gone. */
	async close(): Promise<void> {
		for (const id of [...this.#sessions.keys()]) await this.forget(id);
	}

	async forget(id: string): Promise<void> {
		const session = this.#sessions.get(id);
		if (!session || session.done) return void this.#sessions.delete(id);
		this.#sessions.delete(id);
		await session.writing;
		await session.file.close();
		await rm(this.#fileOf(id), { force: true });
	}

	/** The client learns what is kept. */
	told(id: string): void {
		const session = this.#sessions.get(id);
		if (session) session.told = session.kept;
	}

	/** Whether this call would end the file; undefined when it only asks. */
	kindOf(request: IncomingMessage): 'ask' | 'chunk' | 'last' {
		const range = parseRange(request.headers['content-range'], lengthOf(request));
		if (range.star) return 'ask';
		return range.end === range.total ? 'last' : 'chunk';
	}

	/** @throws Refusal 404, 410, 400, 403 */
	async take(id: string, request: IncomingMessage, fault: Taken | undefined): Promise<ChunkResult> {
		const session = this.#sessions.get(id);
		if (!session) throw new Refusal(404, 'notFound', 'Upload session not found.');
		if (this.#records.now() - session.begun > LIFE_MS)
			throw new Refusal(410, 'gone', 'The upload session has expired.');
		const range = parseRange(request.headers['content-range'], lengthOf(request));
		session.size ??= range.total;
		if (range.total !== undefined && range.total !== session.size) throw badRange('another size than announced');
		if (session.done) return doneOf(session);
		if (range.star) {
			if (session.kept === session.size && session.size > 0) return this.#finish(session);
			return { done: false, kept: session.kept };
		}
		const last = range.end === range.total;
		const length = range.end - range.start;
		if (lengthOf(request) !== length) throw badRange(`${length} bytes announced, ${lengthOf(request)} sent`);
		if (!last && length < UNIT) {
			const asked = 'except for the final request (it is recommended to be the exact multiple of 262144)';
			const found = `The received request contained ${length} bytes`;
			throw badRange(`the number of bytes must be equal or greater than 262144, ${asked}. ${found}`);
		}
		if (range.start > session.kept) {
			throw badRange(
				`the upload offset is ${range.start} byte(s), which exceeds already uploaded size of ${session.kept}`,
			);
		}
		this.sentTwice += Math.max(0, Math.min(session.told, range.end) - range.start);
		const complete = await this.#receive(session, request, { ...range, last, fault });
		if (!complete || !last || session.kept < range.end) return { done: false, kept: session.kept };
		return this.#finish(session);
	}

	/** Keeps whole units, and at the end of the file what remains. Gives false when the connection broke. */
	async #receive(
		session: Session,
		request: IncomingMessage,
		{ start, end, last, fault }: { start: number; end: number; last: boolean; fault: Taken | undefined },
	): Promise<boolean> {
		const most = fault?.kind === 'short' ? start + Math.floor((end - start) / 2 / UNIT) * UNIT : end;
		const cutAt = fault?.kind === 'cut' ? Math.min(fault.afterBytes ?? 0, end - start) : Number.POSITIVE_INFINITY;
		const { id, told, item } = session;
		let skip = session.kept - start;
		let arrived = 0;
		let waiting: Buffer[] = [];
		let waitingBytes = 0;
		const keep = async (bytes: number): Promise<void> => {
			const whole = Buffer.concat(waiting);
			const block = whole.subarray(0, bytes);
			waiting = [whole.subarray(bytes)];
			waitingBytes -= bytes;
			if (fault?.kind === 'spoil' && block.length > 0) {
				fault.happens();
				block[0] = (block[0] ?? 0) ^ 1;
			}
			for (const hash of session.hashes.values()) hash.update(block);
			await session.writing;
			session.writing = session.file.write(block, 0, block.length, session.kept);
			// Whoever waits for it next gets the failure.
			session.writing.catch(() => undefined);
			session.kept += block.length;
		};
		try {
			for await (const chunk of request as AsyncIterable<Buffer>) {
				arrived += chunk.length;
				this.received += chunk.length;
				const fresh = chunk.subarray(Math.min(skip, chunk.length));
				skip -= chunk.length - fresh.length;
				waiting.push(fresh);
				waitingBytes += fresh.length;
				const room = Math.min(waitingBytes, most - session.kept);
				if (room >= UNIT) await keep(room - (room % UNIT));
				if (arrived >= cutAt) {
					fault?.happens();
					request.destroy();
					return false;
				}
			}
		} catch {
			return false; // cut by the client or by a fault; what is kept stays
		} finally {
			this.arrivals.push({ session: id, name: item.name, start, end: start + arrived, told });
		}
		if (most < end && arrived > 0) fault?.happens();
		const rest = Math.min(waitingBytes, most - session.kept);
		if (arrived === end - start && last && most === end && rest > 0) await keep(rest);
		return request.complete;
	}

	async #finish(session: Session): Promise<ChunkResult> {
		const { item, hashes, file, caller } = session;
		const parent = this.#records.find(item.parent ?? '');
		if (!parent) throw new Refusal(404, 'notFound', `File not found: ${item.parent}.`);
		this.#records.requireSpace(caller, parent, session.kept);
		await session.writing;
		await file.close();
		await rename(this.#fileOf(session.id), this.#records.contentFile(item.id));
		session.done = true;
		const digests = Object.fromEntries([...hashes].map(([name, hash]) => [name, hash.digest('hex')]));
		const time = new Date(this.#records.now()).toISOString();
		// A time that the client set stays; otherwise a file is made when it is whole.
		const created = item.createdTime === item.modifiedTime ? { createdTime: time } : {};
		Object.assign(item, digests, created, { size: session.kept, modifiedTime: time });
		this.#records.put(item);
		return doneOf(session);
	}

	#fileOf(id: string): string {
		return path.join(this.#records.directory, `upload-${id}`);
	}
}

function doneOf({ item, caller, fields }: Session): ChunkResult {
	return { done: true, item, caller, fields };
}

interface Range {
	star: boolean;
	start: number;
	/** One behind the last byte. */
	end: number;
	total: number | undefined;
}

function parseRange(header: string | undefined, length: number): Range {
	if (header === undefined) return { star: false, start: 0, end: length, total: length };
	const [, star, first, last, total] = /^bytes (?:(\*)|(\d+)-(\d+))\/(\d+|\*)$/.exec(header) ?? [];
	if (total === undefined) throw new Refusal(400, 'badRequest', 'Failed to parse Content-Range header.');
	const size = total === '*' ? undefined : Number(total);
	if (star) return { star: true, start: 0, end: 0, total: size };
	const [start, end] = [Number(first), Number(last) + 1];
	if (end <= start || (size !== undefined && end > size)) throw badRange('it does not fit the size');
	return { star: false, start, end, total: size };
}

function lengthOf(request: IncomingMessage): number {
	return Number(request.headers['content-length'] ?? 0);
}

function badRange(why: string): Refusal {
	return new Refusal(400, 'badRequest', `Invalid request. According to the Content-Range header, ${why}.`);
}
