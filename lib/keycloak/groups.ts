/** The tree of groups with the roles that each grants. */
import { segment } from './address.ts';
import type { RealmReader } from './reader.ts';
import { listOf } from './users.ts';

export interface RealmGroup {
	id: string;
	/** As Keycloak writes it, `/Farmacia/Guardia`. */
	path: string;
	/** Realm roles that it grants itself. */
	roles: string[];
	/** The group that it lies in: its roles count here, too. */
	above: RealmGroup | undefined;
}

const PAGE = 500;
const MAX_PAGES = 200;

/** All groups, each after the one it lies in: one walk, and one more for each group that has others in it. */
export async function groupsOf(reader: RealmReader, signal?: AbortSignal): Promise<RealmGroup[]> {
	return below(reader, '/groups', undefined, signal);
}

async function below(
	reader: RealmReader,
	path: string,
	above: RealmGroup | undefined,
	signal: AbortSignal | undefined,
): Promise<RealmGroup[]> {
	const found = new Map<string, { group: RealmGroup; children: boolean }>();
	for (let page = 0; page < MAX_PAGES; page += 1) {
		const records = listOf(
			await reader.get(path, { first: page * PAGE, max: PAGE, briefRepresentation: false }, signal),
		);
		for (const { id, path: place, realmRoles, subGroupCount } of records) {
			const roles = Array.isArray(realmRoles) ? realmRoles.map(String) : [];
			const group = { id: String(id), path: String(place), roles, above };
			found.set(group.id, { group, children: Number(subGroupCount) > 0 });
		}
		if (records.length === 0) break;
	}
	const all: RealmGroup[] = [];
	for (const { group, children } of found.values()) {
		all.push(group);
		if (children) all.push(...(await below(reader, `/groups/${segment(group.id)}/children`, group, signal)));
	}
	return all;
}
