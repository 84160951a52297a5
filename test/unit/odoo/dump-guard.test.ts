import assert from 'node:assert/strict';
import test from 'node:test';
import { DumpGuard } from '../../../lib/odoo/dump-guard.ts';

/** What passes, fed in pieces of the given size. */
function guarded(text: string, size = text.length, passed: Buffer[] = []): string {
	const guard = new DumpGuard();
	const bytes = Buffer.from(text);
	for (let at = 0; at < bytes.length; at += size) passed.push(guard.push(bytes.subarray(at, at + size)));
	passed.push(guard.end());
	return Buffer.concat(passed).toString();
}

const DUMP = `--
-- PostgreSQL database dump
--

\\restrict abc123

SET standard_conforming_strings = on;
CREATE FUNCTION public.f() RETURNS text LANGUAGE sql AS $_$ select 'a\\!b' -- \\! $_$;
COMMENT ON TABLE public.t IS 'it''s a \\ path';
COMMENT ON TABLE public.t IS E'tab\\' \\! still quoted';
/* a /* nested \\! */ comment \\! */
CREATE TABLE public."odd "" \\! name" (id integer);
-- a comment \\! of a line

COPY public.t (id, "odd "" name", note) FROM stdin;
1	a\\\\!b	\\N
2	; \\\\. not the end	'
\\.

COPY public.empty (id) FROM stdin;
\\.

--
-- Name: TABLE t; Type: ACL; Schema: public; Owner: -
--

GRANT SELECT ON TABLE public.t TO somebody;

--
-- PostgreSQL database dump complete
--

\\unrestrict abc123
`;

test('a dump of pg_dump passes but for rights and the commands that psql is given anew, whatever the pieces', () => {
	const expected = DUMP.replace(/^\\(un)?restrict abc123\n/gm, '').replace(/^GRANT .*\n/m, '');
	for (const size of [DUMP.length, 1, 2, 3, 7, 64]) assert.equal(guarded(DUMP, size), expected, `pieces of ${size}`);
});

const data = 'COPY public.t (id) FROM stdin;\n';
const HOSTILE: Record<string, string> = {
	'a command on a line of its own': '\\! touch /tmp/x\n',
	'a command behind a statement': 'SELECT 1; \\! touch /tmp/x\n',
	'a command within a statement': 'SELECT 1 \\g |touch /tmp/x\n',
	'a command behind a string': "SELECT 'a' \\! touch\n",
	'a command behind a string that ends in a backslash': "SELECT 'a\\' \\! touch\n",
	'a command behind a comment': '/* */ \\! touch\n',
	'a command behind a dollar quote': 'SELECT $a$ $b$ $a$ \\! touch\n',
	'a command behind a name that holds a dollar': 'SELECT a$b$ \\! touch $b$;\n',
	'a command behind data': `${data}1\n\\.\n\\! touch\n`,
	'a command behind an empty table': `${data}\\.\n\\! touch\n`,
	'a command in what only looks like data': `SELECT '\n${data}';\n\\! touch\n`,
	'a command behind data that psql takes to be over': `${data}1\n\\.\r\n\\! touch\n\\.\n`,
	'a command without a line break': 'SELECT 1;\n\\! touch',
	'a restrict that does more': '\\restrict a \\! touch\n',
	'data that goes to a program': "COPY public.t TO PROGRAM 'touch';\n",
	'data that comes from a program': "copy public.t from program 'touch';\n",
	'such data behind a statement': "SELECT 1; COPY public.t FROM PROGRAM 'touch';\n",
	'such data behind a comment': "/* */ COPY public.t TO PROGRAM 'touch';\n",
	'another meaning of strings': 'SET standard_conforming_strings = off;\n',
	'a right that does more': '-- Name: t; Type: ACL; Schema: public; Owner: -\nGRANT a TO b; \\! touch\n',
	'an end within a string': "SELECT 'a\n",
	'an end within data': `${data}1\n`,
};

for (const [what, text] of Object.entries(HOSTILE)) {
	test(`${what} is not passed on to psql`, () => {
		for (const size of [text.length, 1, 3]) {
			const passed: Buffer[] = [];
			const unsafe = { code: 'DUMP_UNSAFE', message: /line \d+/ };
			assert.throws(() => guarded(text, size, passed), unsafe, `pieces of ${size}`);
			// An error afterwards would come too late: psql obeys while it reads.
			assert.equal(Buffer.concat(passed).includes('touch'), false, `pieces of ${size}`);
		}
	});
}
