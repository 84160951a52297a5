/** What an operator chose in the sidebar: one row, several, or all of a group. Never "all" by mistake. */

import { HubError } from '../../lib/errors.ts';
import type { OperatorList } from './operator-view.ts';

/** Rows of one request; a list in the sidebar is shorter. */
const MOST = 1_000;

export interface Chosen {
	ids: string[];
	/** All rows of this group; then no ids. */
	group: string | undefined;
}

/** The group that a list is filtered by; undefined for all. */
export function groupOf({ group }: Record<string, unknown>): string | undefined {
	return typeof group === 'string' && group ? group : undefined;
}

/** @throws HubError CONFIG_INVALID */
export function idOf(id: unknown): string {
	if (typeof id === 'string' && id) return id;
	throw new HubError('CONFIG_INVALID', 'Name the row that is meant.');
}

/** Of an action that is for a single row. @throws HubError CONFIG_INVALID */
export function onlyId(ids: unknown): string {
	const [id, ...others] = [ids].flat();
	if (others.length === 0) return idOf(id);
	throw new HubError('CONFIG_INVALID', 'Choose exactly one row.');
}

/** @throws HubError CONFIG_INVALID for an empty choice, and for one that is no list of a sidebar */
export function chosenOf(body: Record<string, unknown>): Chosen {
	const group = groupOf(body);
	if (group !== undefined) return { ids: [], group };
	const { ids } = body;
	if (!Array.isArray(ids) || ids.length === 0) throw new HubError('CONFIG_INVALID', 'Choose at least one row.');
	if (ids.length > MOST) throw new HubError('CONFIG_INVALID', `Choose at most ${MOST} rows, or all of a group.`);
	return { ids: ids.map(idOf), group: undefined };
}

/** The rows that were chosen, and how many of the chosen are not there any more. */
export function select<Row>(
	rows: readonly Row[],
	{ ids, group }: Chosen,
	{ id, group: groupOfRow }: { id(row: Row): string; group(row: Row): string },
): { chosen: Row[]; missing: number } {
	const wanted = new Set(ids);
	const chosen = rows.filter((row) => wanted.has(id(row)) || (group !== undefined && groupOfRow(row) === group));
	const found = new Set(chosen.map(id));
	return { chosen, missing: ids.filter((one) => !found.has(one)).length };
}

/** Each group with its number of rows; names that mean the same in both languages. */
export function groupsOf(names: readonly string[]): NonNullable<OperatorList['groups']> {
	const counts = new Map<string, number>();
	for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
	return [...counts].map(([value, count]) => ({ value, words: { en: value, es: value }, count }));
}
