/** Says what came in place of a backup. Odoo's manager answers 200 with a page of HTML for each of its failures. */
import { HubError } from '../errors.ts';
import { reasonOf } from '../odoo/manager-page.ts';
import type { ByteReader } from './byte-reader.ts';

/** Odoo's page has 43 kB. In bytes. */
const PAGE_MAX_BYTES = 262_144;
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
