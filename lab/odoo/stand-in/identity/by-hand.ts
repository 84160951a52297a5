/** What the addon refuses to people: on linked users Keycloak decides, and it alone makes internal users. */
import { userError } from '../errors.ts';
import { closed, DEFAULT_GROUPS, INTERNAL } from './groups.ts';
import type { Providers } from './providers.ts';
import type { Command, User, Users, Values } from './users.ts';

export interface Place {
	users: Users;
	providers: Providers;
	addon: boolean;
}

const FIELDS = ['login', 'name', 'email'] as const;

export const byHand = {
	create({ providers, addon }: Place, list: readonly Values[]): void {
		const followed = addon ? providers.followed() : [];
		if (followed.length === 0) return;
		const technical = followed.flatMap((provider) => provider.technical);
		for (const { login, groups_id: commands } of list) {
			const internal = (commands ? given(commands) : DEFAULT_GROUPS).includes(INTERNAL);
			if (internal && !technical.includes(String(login))) {
				throw userError(
					'Internal users are made in Keycloak: create the person there and give a role that belongs to Odoo; the account ' +
						'appears here within seconds. Logins of technical users are listed on the form of the OAuth provider.',
				);
			}
		}
	},

	write({ providers, addon }: Place, users: readonly User[], values: Values): void {
		const followed = addon ? providers.followed() : [];
		for (const user of users) {
			const provider = followed.find(({ id }) => id === user.provider);
			if (!provider || !user.uid) continue;
			const current: Values = { login: user.login ?? '', name: user.name ?? false, email: user.email };
			if (FIELDS.some((field) => values[field] !== undefined && values[field] !== current[field])) {
				throw userError(
					`${user.name} comes from Keycloak: login, name and e-mail address are changed there, and Odoo follows within seconds.`,
				);
			}
			const decided = providers.decided(provider.id);
			const held = (groups: readonly number[]) => groups.filter((number) => decided.has(number)).join();
			const after = values.groups_id ? following(user.groups, values.groups_id) : user.groups;
			if (held(after) !== held(user.groups)) {
				throw userError('The groups of this user come from roles in Keycloak. Change them there.');
			}
		}
	},
};

function given(commands: readonly Command[]): number[] {
	return following([], commands);
}

function following(groups: readonly number[], commands: readonly Command[]): number[] {
	let held = [...groups];
	for (const [code, id, value] of commands) {
		if (code === 6) held = closed(value as number[]);
		else if (code === 4) held = closed([...held, id]);
		else if (code === 3) held = held.filter((each) => each !== id);
	}
	return held.toSorted((a, b) => a - b);
}
