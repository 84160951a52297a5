/**
 * Keeps a message whose headers amqplib cannot read from ending the connection. Reading them, amqplib calls itself for each
 * level, and the broker takes 20,000 levels in a frame: it then runs out of stack, the connection ends, the broker delivers
 * the message again, and no mail ever goes out. Such headers are left out before amqplib sees them; the body arrives.
 */

/** What people put into headers has two or three levels, the broker's own `x-death` has three. */
export const MAX_HEADER_LEVELS = 32;

/** What is used of amqplib's connection: the bytes that are not yet taken as frames, and the call that takes the next. */
interface Receiver {
	rest: unknown;
	recvFrame(): unknown;
}

/** Frames: type, channel (2), size (4), payload, end. In the payload: class (2), weight (2), body size (8), flags (2). */
const FRAME_HEADER = 2;
const PAYLOAD = 7;
const FLAGS = PAYLOAD + 12;
const PROPERTIES = FLAGS + 2;
const HAS_CONTENT_TYPE = 0x8000;
const HAS_CONTENT_ENCODING = 0x4000;
const HAS_HEADERS = 0x2000;

/** Bytes of the values of each type that have a fixed size (https://www.rabbitmq.com/amqp-0-9-1-errata#section_3). */
const SIZES: Record<string, number> = { V: 0, t: 1, b: 1, B: 1, s: 2, u: 2, I: 4, i: 4, f: 4, D: 5, l: 8, d: 8, T: 8 };

/** Puts the guard before a connection that was just opened. */
export function guardHeaders(connection: object): void {
	const receiver = connection as Receiver;
	const { recvFrame } = receiver;
	receiver.recvFrame = () => {
		if (Buffer.isBuffer(receiver.rest)) receiver.rest = readable(receiver.rest);
		return recvFrame.call(receiver);
	};
}

/** The bytes as they are, or without the headers of the first frame where these cannot be read. */
export function readable(bytes: Buffer): Buffer {
	if (bytes.length < PROPERTIES || bytes.readUInt8(0) !== FRAME_HEADER) return bytes;
	const frameEnd = PAYLOAD + bytes.readUInt32BE(3);
	if (bytes.length <= frameEnd) return bytes;
	const flags = bytes.readUInt16BE(FLAGS);
	if ((flags & HAS_HEADERS) === 0) return bytes;
	let begin = PROPERTIES;
	for (const flag of [HAS_CONTENT_TYPE, HAS_CONTENT_ENCODING]) {
		if (flags & flag) begin += 1 + bytes.readUInt8(begin);
	}
	const end = begin + 4 + bytes.readUInt32BE(begin);
	if (end > frameEnd || canBeRead(bytes, begin + 4, end)) return bytes;
	const without = Buffer.concat([bytes.subarray(0, begin), bytes.subarray(end)]);
	without.writeUInt32BE(frameEnd - PAYLOAD - (end - begin), 3);
	without.writeUInt16BE(flags & ~HAS_HEADERS, FLAGS);
	return without;
}

/** Walks a table without calling itself; false where it is too deep, or of a form that amqplib does not know. */
function canBeRead(bytes: Buffer, begin: number, end: number): boolean {
	const open = [{ end, isTable: true }];
	let at = begin;
	for (let level = open.at(-1); level !== undefined; level = open.at(-1)) {
		if (at === level.end) {
			open.pop();
			continue;
		}
		if (level.isTable) at += 1 + bytes.readUInt8(at);
		if (at >= level.end) return false;
		const type = String.fromCharCode(bytes.readUInt8(at));
		const size = SIZES[type];
		if (size !== undefined) {
			at += 1 + size;
		} else {
			if (at + 5 > level.end) return false;
			const length = bytes.readUInt32BE(at + 1);
			at += 5;
			if (at + length > level.end) return false;
			if (type === 'F' || type === 'A') {
				if (open.length >= MAX_HEADER_LEVELS) return false;
				open.push({ end: at + length, isTable: type === 'F' });
			} else if (type === 'S' || type === 'x') {
				at += length;
			} else {
				return false;
			}
		}
		if (at > level.end) return false;
	}
	return true;
}
