/** Who gets an account of Odoo, and which of its groups. */
import type { Person, RoleTable, TargetGroup } from './model.ts';
import { type IdentitySettings, INTERNAL, type Scope } from './rules.ts';

/** Undefined: Keycloak did not say enough to tell. */
export function inScope(person: Person, scope: Scope): boolean | undefined {
	const answers: (boolean | undefined)[] = [
		scope.roles.length === 0 ? false : person.roles && scope.roles.some((role) => person.roles?.has(role)),
		scope.groups.length === 0 ? false : person.groups && scope.groups.some((group) => person.groups?.has(group)),
		!scope.attribute
			? false
			: person.attributes?.get(scope.attribute.name)?.some((value) => value === scope.attribute?.value),
	];
	if (answers.includes(true)) return true;
	return answers.includes(undefined) ? undefined : false;
}

/** What the table grants to this person, sorted; undefined while the roles or groups that it needs are unknown. */
export function grantedGroups(person: Person, table: RoleTable): string[] | undefined {
	const granted = new Set<string>();
	for (const { from, groups } of table) {
		const held = 'role' in from ? person.roles : person.groups;
		if (!held) return undefined;
		if (held.has('role' in from ? from.role : from.group)) for (const group of groups) granted.add(group);
	}
	return [...granted].sort();
}

/** The groups and whatever they bring along. */
export function closure(groups: Iterable<string>, all: ReadonlyMap<string, TargetGroup>): Set<string> {
	const closed = new Set<string>();
	for (const group of groups) {
		closed.add(group);
		for (const implied of all.get(group)?.implies ?? []) closed.add(implied);
	}
	return closed;
}

/** Whether somebody with this group could give himself everything. */
export function isPrivileged(
	group: string,
	all: ReadonlyMap<string, TargetGroup>,
	settings: Pick<IdentitySettings, 'privileged'>,
): boolean {
	return [...closure([group], all)].some((id) => settings.privileged.includes(id));
}

export interface GroupChange {
	add: string[];
	remove: string[];
}

/**
 * What to change of the groups that the table decides. Groups given by hand stay, with what they bring along: Odoo would
 * add that again at the next write. What a taken group had brought along goes with it: Odoo would leave it.
 * @param wanted what the table grants
 */
export function groupChange(
	held: readonly string[],
	wanted: readonly string[],
	table: RoleTable,
	all: ReadonlyMap<string, TargetGroup>,
): GroupChange {
	const decided = closure(
		table.flatMap(({ groups }) => groups),
		all,
	);
	const byHand = held.filter((group) => !decided.has(group));
	const floor = closure([INTERNAL], all);
	const kept = new Set([...closure(wanted, all), ...closure(byHand, all), ...floor]);
	const has = new Set(held);
	return {
		add: wanted.filter((group) => !has.has(group)).sort(),
		remove: held.filter((group) => decided.has(group) && !kept.has(group)).sort(),
	};
}
