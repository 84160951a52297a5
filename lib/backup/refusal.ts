/** Says what came in place of a backup. Odoo's manager answers 200 with a page of HTML for each of its failures. */
import { HubError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';

/** Odoo's page has 43 kB. In bytes. */
const PAGE_MAX_BYTES = 262_144;
/** Of a reason, in characters: a traceback is none. */
const REASON_MAX = 300;

const ALERT = /<div[^>]*\bclass\s*=\s*["'][^"']*\balert-danger\b[^"']*["'][^>]*>([\s\S]*?)<\/div>/i;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };

/**
 * @param reader at the beginning of an answer that is not what was asked for
 * @param expected in words
 */
export async function refusalOf(reader: ByteReader, expected: string): Promise<HubError> {
	const bytes = await reader.peek(PAGE_MAX_BYTES);
	if (bytes.length === 0) {
		return new HubError(
			'BACKUP_SPOILED',
			'The answer is empty: pg_dump failed, or the server ended the request. See its log.',
		);
	}
	const text = bytes.toString('utf8');
	if (!/^\uFEFF?\s*</.test(text)) {
		return new HubError('BACKUP_SPOILED', `The answer is not ${expected}: it begins with something else.`);
	}
	const reason = reasonOf(text);
	const said = reason
		? `Odoo made no backup: ${reason}`
		: 'A page of HTML came in place of a backup, without a reason in it.';
	return new HubError('BACKUP_REFUSED', said);
}

/** The last line of what stands in the page's alert; undefined when there is none. */
function reasonOf(html: string): string | undefined {
	const lines = (ALERT.exec(html)?.[1] ?? '')
		.replace(/<[^>]*>/g, ' ')
		.replace(/&(#\d+|#x[0-9a-f]+|\w+);/gi, (whole, name: string) => {
			if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole;
			const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
			return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
		})
		.split('\n')
		.map((line) => line.replace(/\s+/g, ' ').trim())
		.filter((line) => line !== '');
	return lines.at(-1)?.slice(0, REASON_MAX);
}
