/** The stand-in's records as pg_dump would write a database that held them. */
import { createHash } from 'node:crypto';
import type { Records, Value } from './records.ts';

const MODELS = [
	...['clinic.mail.outbox', 'ir.config_parameter', 'product.product', 'purchase.order', 'purchase.order.line'],
	...['res.partner', 'res.users'],
];
/** As restored ones are changed by neutralising. */
export const MAIL_SERVERS = 'COPY public.ir_mail_server (id, name, smtp_host, active) FROM stdin;\n';
export const PARAMETERS = 'COPY public.ir_config_parameter (id, key, value) FROM stdin;\n';

/** Modules with their versions, as in the manifest. */
export const MODULES = {
	base: '18.0.1.3',
	mail: '18.0.1.19',
	purchase: '18.0.1.2',
	clinic_purchase_mail: '18.0.1.0.0',
};

const ATTACHMENTS = 40;
/** Of the largest attachment, in bytes. */
const LARGEST = 60_000;

/** Attachments by their name in the filestore: the same ones each time. */
export function attachments(): Map<string, Buffer> {
	const files = new Map<string, Buffer>();
	for (let index = 0; index < ATTACHMENTS; index++) {
		const seed = createHash('sha256').update(`attachment ${index}`).digest();
		const content = Buffer.alloc((seed.readUInt16LE(0) % LARGEST) + 1, index % 2 ? seed : 'historia clínica\n');
		const hash = createHash('sha1').update(content).digest('hex');
		files.set(`${hash.slice(0, 2)}/${hash}`, content);
	}
	return files;
}

export function dumpText(records: Records, files: ReadonlyMap<string, Buffer>): string {
	const tables = MODELS.map((model) => {
		const rows = records.search(model);
		const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== 'id').toSorted();
		if (model === 'ir.config_parameter') columns.splice(0, columns.length, 'key', 'value');
		return table(
			model.replaceAll('.', '_'),
			columns,
			rows.map((row) => [row.id, ...columns.map((name) => row[name] ?? null)]),
		);
	});
	const modules = Object.entries(MODULES).map(([name, version], index) => [index + 1, name, 'installed', version]);
	const stored = [...files].map(([name, content], index) => {
		return [index + 1, `adjunto ${index + 1}`, 'application/pdf', content.length, name, '2026-01-02 10:00:00'];
	});
	return [
		'--\n-- PostgreSQL database dump\n--\n',
		"SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;\nSELECT pg_catalog.set_config('search_path', '', false);\n",
		...tables,
		table('ir_module_module', ['name', 'state', 'latest_version'], modules),
		table('ir_mail_server', ['name', 'smtp_host', 'active'], []),
		table('ir_cron', ['name', 'active'], [[1, 'Base: Auto-vacuum internal data', 't']]),
		table('ir_attachment', ['name', 'mimetype', 'file_size', 'store_fname', 'write_date'], stored),
		'--\n-- PostgreSQL database dump complete\n--\n\n',
	].join('\n');
}

function table(name: string, columns: readonly string[], rows: readonly (readonly Value[])[]): string {
	const definitions = columns.map((column) => `    ${column} ${column === 'write_date' ? 'timestamp' : 'text'}`);
	const data = rows.map((row) => `${row.map(escaped).join('\t')}\n`).join('');
	return `CREATE TABLE public.${name} (\n${['    id integer NOT NULL', ...definitions].join(',\n')}\n);

COPY public.${name} (${['id', ...columns].join(', ')}) FROM stdin;
${data}\\.
`;
}

/** As COPY writes a value; Odoo's false is an empty field of the database. */
function escaped(value: Value): string {
	if (value === null || value === false) return '\\N';
	const letters: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
	return String(value).replace(/[\\\n\r\t]/g, (char) => letters[char] ?? char);
}
