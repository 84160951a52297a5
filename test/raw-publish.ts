/** Publishes over a plain socket what no client would: headers of any form. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { ADMIN } from './broker.ts';

export interface RawMessage {
	port: number;
	vhost: string;
	exchange: string;
	routingKey: string;
	body: Buffer;
	/** A header table's entries, see `entry`. */
	headers: Buffer;
	/** In milliseconds. */
	expiration?: string;
}

const FRAME_MAX = 131_072;
const CHANNEL_MAX = 2_047;
const HEADERS = 0x2000;
const DELIVERY_MODE = 0x1000;
const EXPIRATION = 0x0100;
const PERSISTENT = 2;

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 65_535)]);
const u64 = (value: number): Buffer => Buffer.concat([u32(0), u32(value)]);
const short = (text: string): Buffer => Buffer.concat([Buffer.from([Buffer.byteLength(text)]), Buffer.from(text)]);
const long = (bytes: Buffer): Buffer => Buffer.concat([u32(bytes.length), bytes]);

/** Values of a header table with their types. */
export const text = (value: string): Buffer => Buffer.concat([Buffer.from('S'), long(Buffer.from(value))]);
export const whole = (value: number): Buffer => Buffer.concat([Buffer.from('l'), u64(value)]);
export const time = (seconds: number): Buffer => Buffer.concat([Buffer.from('T'), u64(seconds)]);
export const list = (...values: Buffer[]): Buffer => Buffer.concat([Buffer.from('A'), long(Buffer.concat(values))]);
export const table = (...entries: Buffer[]): Buffer => Buffer.concat([Buffer.from('F'), long(Buffer.concat(entries))]);
export const entry = (name: string, value: Buffer): Buffer => Buffer.concat([short(name), value]);

/** A list in a list in a list …, made without calling itself. */
export function nested(levels: number): Buffer {
	const inside = 5;
	return Buffer.concat(
		Array.from({ length: levels }, (_, level) => Buffer.concat([Buffer.from('A'), u32((levels - 1 - level) * inside)])),
	);
}

const frame = (type: number, channel: number, payload: Buffer): Buffer =>
	Buffer.concat([Buffer.from([type]), u16(channel), long(payload), Buffer.from([0xce])]);
const method = (channel: number, classId: number, methodId: number, ...args: Buffer[]): Buffer =>
	frame(1, channel, Buffer.concat([u16(classId), u16(methodId), ...args]));

/** Resolves when the broker has confirmed it; rejects when it ends the connection. */
export async function rawPublish(message: RawMessage): Promise<void> {
	const { port, vhost, exchange, routingKey, body, headers, expiration } = message;
	const socket = connect(port, '127.0.0.1');
	const ask = async (bytes: Buffer, expected: string): Promise<void> => {
		socket.write(bytes);
		const got = await answer(socket);
		if (got !== expected) throw new Error(`The broker answered ${got} instead of ${expected}`);
	};
	try {
		await ask(Buffer.from([...Buffer.from('AMQP'), 0, 0, 9, 1]), '10.10');
		const login = Buffer.from(`\0${ADMIN.user}\0${ADMIN.password}`);
		await ask(method(0, 10, 11, long(Buffer.alloc(0)), short('PLAIN'), long(login), short('en_US')), '10.30');
		socket.write(method(0, 10, 31, u16(CHANNEL_MAX), u32(FRAME_MAX), u16(0)));
		await ask(method(0, 10, 40, short(vhost), short(''), Buffer.from([0])), '10.41');
		await ask(method(1, 20, 10, short('')), '20.11');
		await ask(method(1, 85, 10, Buffer.from([0])), '85.11');
		const flags = HEADERS | DELIVERY_MODE | (expiration ? EXPIRATION : 0);
		const properties = [long(headers), Buffer.from([PERSISTENT]), ...(expiration ? [short(expiration)] : [])];
		const content = [u16(60), u16(0), u64(body.length), u16(flags), ...properties];
		socket.write(method(1, 60, 40, u16(0), short(exchange), short(routingKey), Buffer.from([0])));
		await ask(Buffer.concat([frame(2, 1, Buffer.concat(content)), frame(3, 1, body)]), '60.80');
	} finally {
		socket.destroy();
	}
}

/** Class and method of the next frame; the broker sends one at a time here. */
async function answer(socket: Socket): Promise<string> {
	let bytes = Buffer.alloc(0);
	while (bytes.length < 7 || bytes.length < bytes.readUInt32BE(3) + 8) {
		const [chunk] = (await once(socket, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
		bytes = Buffer.concat([bytes, chunk]);
	}
	return `${bytes.readUInt16BE(7)}.${bytes.readUInt16BE(9)}`;
}
