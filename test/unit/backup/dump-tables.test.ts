import assert from 'node:assert/strict';
import test from 'node:test';
import { DumpTables, type NamedFile } from '../../../lib/backup/dump-tables.ts';

const DUMP = String.raw`--
-- PostgreSQL database dump
--
COPY public.ir_attachment (id, name, index_content, store_fname, write_date) FROM stdin;
1	a.pdf	some\ttext\\	ab/ab00000000000000000000000000000000000000	2026-11-24 03:00:01.5
2	link	\N	\N	2026-11-24 03:00:02
3	b.pdf	\\.	cd/cd00000000000000000000000000000000000000	\N
\.

COPY public.ir_config_parameter (key, value) FROM stdin;
database.secret	x
database.uuid	0c0ffee0-1111-2222-3333-444455556666
\.

COPY "odd schema"."odd ""table" ("a b", c) FROM stdin;
\\.	1
2	\\.
\.

COPY public.empty (id) FROM stdin;
\.

COPY public.res_users (id, name) FROM stdin;
1	\\
2	\N
3	COPY public.no (id) FROM stdin;
\.

SELECT 1;
--
-- PostgreSQL database dump complete
--

`;

function read(text: string, size: number) {
	const files: NamedFile[] = [];
	const tables = new DumpTables((file) => files.push(file));
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += size) tables.write(bytes.subarray(at, at + size));
	return { ...tables.end(), files };
}

test('rows a table, named files and the id of the database are read, whatever the pieces', () => {
	const facts = {
		tables: { ir_attachment: 3, ir_config_parameter: 2, 'odd schema.odd "table': 2, empty: 0, res_users: 3 },
		databaseUuid: '0c0ffee0-1111-2222-3333-444455556666',
		complete: true,
		files: [
			{ name: `ab/ab${'0'.repeat(38)}`, writtenAt: Date.UTC(2026, 10, 24, 3, 0, 1, 500) },
			{ name: `cd/cd${'0'.repeat(38)}`, writtenAt: undefined },
		],
	};
	for (const size of [1, 2, 3, 5, 7, 64, 100_000]) assert.deepEqual(read(DUMP, size), facts, `pieces of ${size}`);
});

test('a dump is complete with the key of newer servers behind the marker, and not when cut or followed by more', () => {
	assert.equal(read(`${DUMP}\\unrestrict Zk3abc9\n\n`, 10).complete, true);
	assert.equal(read(`${DUMP}SELECT 2;\n`, 10).complete, false);
	assert.equal(read(DUMP.slice(0, DUMP.indexOf('dump complete') + 5), 10).complete, false);
	assert.equal(
		read(`${DUMP}COPY public.x (id) FROM stdin;\n1\n-- PostgreSQL database dump complete\n`, 10).complete,
		false,
	);
});

test('a row larger than any bound is counted', () => {
	const row = `1\t${'x'.repeat(3_000_000)}\t${'y'.repeat(10)}\tef/name\t\\N\n`;
	const text = `COPY public.ir_attachment (id, name, index_content, store_fname, write_date) FROM stdin;\n${row}\\.\n`;
	const { tables, files } = read(text, 65_536);
	assert.deepEqual(tables, { ir_attachment: 1 });
	assert.deepEqual(files, [{ name: 'ef/name', writtenAt: undefined }]);
});
