/** Realm roles and what each includes. */
import { segment } from './address.ts';
import type { RealmReader } from './reader.ts';
import { listOf } from './users.ts';

export interface RoleGraph {
	/** Sorted. */
	names: string[];
	/** The role itself and all that it includes through composites, however deep. */
	includedIn(role: string): string[];
}

/** One call, and one more for each composite role. @throws HubError as `RealmReader.get` */
export async function roleGraph(reader: RealmReader, signal?: AbortSignal): Promise<RoleGraph> {
	const records = listOf(await reader.get('/roles', { briefRepresentation: true }, signal));
	const names = records.map(({ name }) => String(name)).sort();
	const parts = new Map<string, string[]>();
	for (const { name, composite } of records) {
		if (composite !== true) continue;
		const role = String(name);
		const included = listOf(await reader.get(`/roles/${segment(role)}/composites/realm`, {}, signal));
		parts.set(
			role,
			included.map((one) => String(one['name'])),
		);
	}
	const closure = (role: string, seen: Set<string>): Set<string> => {
		// Keycloak allows composites to include each other in a circle.
		if (seen.has(role)) return seen;
		seen.add(role);
		for (const part of parts.get(role) ?? []) closure(part, seen);
		return seen;
	};
	return { names, includedIn: (role) => [...closure(role, new Set())] };
}
