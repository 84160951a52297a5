/** What a backup of a database that people work with may hold. */
import type { ExpectedContent } from '../../lib/backup/drill.ts';
import type { Content } from '../../lib/odoo/content.ts';

/**
 * What is expected of a backup that was made between two counts: of each number what was found, where that lies between
 * both, else the nearer one.
 */
export function between(before: Content, after: Content, found: Content): ExpectedContent {
	const tables: Record<string, number> = {};
	for (const name of new Set([...Object.keys(before.tables), ...Object.keys(after.tables)])) {
		const [one, other] = [before.tables[name] ?? 0, after.tables[name] ?? 0];
		tables[name] = nearest(one, other, found.tables[name] ?? 0);
	}
	const files = (of: 'named' | 'stored') =>
		nearest(before.attachments[of], after.attachments[of], found.attachments[of]);
	return { tables, attachments: { named: files('named'), stored: files('stored'), late: [], missing: [] } };
}

function nearest(one: number, other: number, found: number): number {
	return Math.min(Math.max(found, Math.min(one, other)), Math.max(one, other));
}
