import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { MAX_HEADER_LEVELS, readable } from '../../../lib/amqp/header-guard.ts';
import { entry, list, nested, table, text, time, whole } from '../../raw-publish.ts';

/** A header frame with content type, headers and delivery mode. */
function header(entries: Buffer, after: Buffer = Buffer.alloc(0)): Buffer {
	const size = Buffer.alloc(4);
	size.writeUInt32BE(entries.length);
	const properties = Buffer.concat([Buffer.from([3]), Buffer.from('a/b'), size, entries, Buffer.from([2])]);
	const payload = Buffer.concat([Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0xb0, 0]), properties]);
	const begin = Buffer.alloc(7);
	begin.writeUInt8(2, 0);
	begin.writeUInt16BE(1, 1);
	begin.writeUInt32BE(payload.length, 3);
	return Buffer.concat([begin, payload, Buffer.from([0xce]), after]);
}

const BARE = Buffer.concat([
	Buffer.from([2, 0, 1, 0, 0, 0, 19]),
	Buffer.from([0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0x90, 0, 3]),
	Buffer.from('a/b'),
	Buffer.from([2, 0xce]),
]);
const NEXT = Buffer.from([8, 0, 0, 0, 0, 0, 0, 0xce]);

suite('Headers that stay as they are', () => {
	const plain = {
		'none at all': Buffer.alloc(0),
		'a text, a list, a table': Buffer.concat([
			entry('a', text('b')),
			entry('x-death', list(table(entry('queue', text('q')), entry('count', whole(1)), entry('time', time(1))))),
			entry('c', table()),
		]),
		'as many levels as are read': entry('a', nested(MAX_HEADER_LEVELS - 1)),
	};
	for (const [what, entries] of Object.entries(plain)) {
		test(what, () => {
			const bytes = header(entries, NEXT);
			assert.equal(readable(bytes), bytes);
		});
	}

	test('a frame that has not arrived whole', () => {
		const bytes = header(entry('a', nested(5_000)));
		for (const length of [0, 6, 20, 40, bytes.length - 1]) {
			const part = bytes.subarray(0, length);
			assert.equal(readable(part), part);
		}
	});
});

suite('Headers that are left out, with all around them kept', () => {
	const unreadable = {
		'one level too many': entry('a', nested(MAX_HEADER_LEVELS)),
		'20,000 levels': entry('a', nested(20_000)),
		'a type that amqplib does not know': entry('a', Buffer.from('Z1')),
		'a text that is longer than its table': entry('a', table(entry('b', Buffer.from([83, 0, 0, 0, 9, 65])))),
	};
	for (const [what, entries] of Object.entries(unreadable)) {
		test(what, () => assert.deepEqual(readable(header(entries, NEXT)), Buffer.concat([BARE, NEXT])));
	}
});
