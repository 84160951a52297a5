/** What a clinic chooses. Every guard is on unless it is switched off here. */
import type { RoleTable } from './model.ts';

export interface Scope {
	/** Any of them suffices; all empty: nobody. */
	roles: readonly string[];
	groups: readonly string[];
	attribute?: { name: string; value: string } | undefined;
}

export interface Guards {
	/** More changed accounts at once than the greater of both are held. False: off. */
	mass: { floor: number; share: number; windowMs: number } | false;
	/** Archiving is held, where Odoo can suspend meanwhile, and always for those who left the scope. */
	archive: boolean;
	/** Users that are gone without an event saying so are held. */
	missing: boolean;
	/** A realm without users, or with much fewer than last time, changes nothing by itself. */
	shrunken: boolean;
	/** Keycloak's id of a user who must be there and enabled; empty: none is configured. */
	sentinel: string;
	/** Grants of privileged groups are held. */
	privileged: boolean;
	/** The last system administrator stays. */
	lastAdministrator: boolean;
	/** Nobody is created while the login belongs to, or looks like that of, another account. */
	unlinkedLogin: boolean;
}

export interface IdentitySettings {
	scope: Scope;
	/** Where Odoo holds none. */
	table: RoleTable;
	/** XML ids of the privileged groups that the table may grant at all. */
	allowPrivileged: readonly string[];
	/** XML ids that are privileged, besides all groups that bring one of them along. */
	privileged: readonly string[];
	/** Logins or ids of accounts that nothing touches. */
	neverTouch: readonly (string | number)[];
	/** What of Keycloak becomes the login. */
	login: 'username' | 'email';
	/** Where a person has none that is installed in Odoo. */
	language: string;
	guards: Guards;
}

/** What every user in scope is in Odoo, whatever the table says. */
export const INTERNAL = 'base.group_user';

/** Whoever has one of these can give himself everything. */
export const PRIVILEGED = ['base.group_system', 'base.group_erp_manager'] as const;

/** Of system administrators. */
export const ADMINISTRATOR = 'base.group_system';

export const DEFAULT_GUARDS: Guards = {
	// The tenth is what others warn at (Okta 20 %); the floor lets a small clinic hire five people in a day. The window
	// keeps a script from passing below the limit again and again.
	mass: { floor: 5, share: 0.1, windowMs: 10 * 60_000 },
	archive: true,
	missing: true,
	shrunken: true,
	sentinel: '',
	privileged: true,
	lastAdministrator: true,
	unlinkedLogin: true,
};

/** Settings with everything that is not named at its default. */
export function identitySettings(
	change: Partial<Omit<IdentitySettings, 'guards' | 'scope'>> & {
		scope?: Partial<Scope>;
		guards?: Partial<Guards>;
	} = {},
): IdentitySettings {
	const { scope = {}, guards = {}, ...others } = change;
	return {
		table: [],
		allowPrivileged: [],
		privileged: PRIVILEGED,
		neverTouch: [],
		login: 'username',
		language: 'es_ES',
		...others,
		scope: { roles: [], groups: [], ...scope },
		guards: { ...DEFAULT_GUARDS, ...guards },
	};
}

/** How many changed accounts at once need nobody's approval. */
export function massLimit(guard: { floor: number; share: number }, linked: number): number {
	return Math.max(guard.floor, Math.floor(guard.share * linked));
}
