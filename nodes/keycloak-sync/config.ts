/** The properties of a `keycloak-sync` node and the rules that they mean. */

import type { RoleTable } from '../../lib/identity/model.ts';
import { DEFAULT_GUARDS, type IdentitySettings, identitySettings } from '../../lib/identity/rules.ts';
import {
	choice,
	custom,
	type Field,
	FieldProblem,
	flag,
	integer,
	optionalText,
	type Problem,
	reference,
	text,
	type ValuesOf,
} from '../runtime/fields.ts';

const MINUTE_MS = 60_000;
const PERCENT = 100;

/** In seconds. */
const INTERVAL = { min: 1, max: 3_600, default: 2 };

const MASS = DEFAULT_GUARDS.mass || { floor: 5, share: 0.1, windowMs: 10 * MINUTE_MS };

/** More are a list that was pasted by mistake. */
const MAX_ENTRIES = 500;
/** Of a wrong entry, in a status. */
const MAX_SHOWN = 40;

/** An XML id of Odoo: module and name. */
const GROUP = /^\w+\.[\w.-]+$/;
const ATTRIBUTE = /^[^=\s][^=]*=.+$/;
const LANGUAGE = /^[a-z]{2,3}(_[A-Z]{2,3})?(@[a-z]+)?$/;

const shown = (entry: string) => ({ text: entry.slice(0, MAX_SHOWN) });

/** Entries separated by commas or lines; names may hold blanks. */
function list(check: (entry: string) => void = () => {}): Field<string[]> {
	return custom((raw) => {
		const entries = (optionalText().read(raw) ?? '')
			.split(/[,\n]/)
			.map((entry) => entry.trim())
			.filter((entry) => entry !== '');
		if (entries.length > MAX_ENTRIES) throw new FieldProblem('tooMany', { max: MAX_ENTRIES });
		for (const entry of entries) check(entry);
		return [...new Set(entries)];
	});
}

/** A client's role is not among what the reader may list; such an entry would match nobody, and so take everybody's access. */
function checkRole(role: string): void {
	if (/^[^:\s]+:\S+$/.test(role)) throw new FieldProblem('clientRole', shown(role));
}

function checkGroup(path: string): void {
	if (!path.startsWith('/')) throw new FieldProblem('groupPath', shown(path));
}

function checkOdooGroup(id: string): void {
	if (!GROUP.test(id)) throw new FieldProblem('odooGroup', shown(id));
}

/** As the dialog writes it: JSON of `{ kind, name, groups }`, groups separated by blanks or commas. */
function readTable(raw: unknown): RoleTable {
	const given: unknown = typeof raw === 'string' ? parse(text({ default: '[]' }).read(raw)) : (raw ?? []);
	if (!Array.isArray(given)) throw new FieldProblem('table');
	if (given.length > MAX_ENTRIES) throw new FieldProblem('tooMany', { max: MAX_ENTRIES });
	return given.map((row: unknown) => {
		const { kind, name, groups } = (typeof row === 'object' && row !== null ? row : {}) as Record<string, unknown>;
		if ((kind !== 'role' && kind !== 'group') || typeof name !== 'string' || name.trim() === '') {
			throw new FieldProblem('table');
		}
		const from = name.trim();
		if (kind === 'role') checkRole(from);
		else checkGroup(from);
		const ids = String(groups ?? '')
			.split(/[\s,;]+/)
			.filter((id) => id !== '');
		if (ids.length === 0) throw new FieldProblem('tableGroups', shown(from));
		for (const id of ids) checkOdooGroup(id);
		return { from: kind === 'role' ? { role: from } : { group: from }, groups: ids };
	});
}

function parse(json: string): unknown {
	try {
		return JSON.parse(json);
	} catch {
		throw new FieldProblem('table');
	}
}

const fields = {
	realm: reference(),
	odoo: reference(),
	/** Empty: the only one that the connection names. */
	database: optionalText({ pattern: /^[A-Za-z0-9][\w.-]*$/, reason: 'invalid' }),
	/** `changes`: asks by itself. `everything`: only when a message asks. */
	mode: choice('changes', 'everything'),
	interval: integer(INTERVAL),
	scopeRoles: list(checkRole),
	scopeGroups: list(checkGroup),
	/** `name=value`. */
	scopeAttribute: optionalText({ pattern: ATTRIBUTE, reason: 'attribute' }),
	/** Counts where Odoo has no table of its own. */
	table: custom(readTable),
	login: choice('username', 'email'),
	/** Odoo's code, for those whose language Keycloak does not say. */
	language: text({ default: 'es_ES', pattern: LANGUAGE, reason: 'language' }),
	allowPrivileged: list(checkOdooGroup),
	neverTouch: list(),
	sentinel: optionalText(),
	massGuard: flag(true),
	massFloor: integer({ min: 1, max: 10_000, default: MASS.floor }),
	massShare: integer({ min: 1, max: PERCENT, default: MASS.share * PERCENT }),
	massMinutes: integer({ min: 1, max: 1_440, default: MASS.windowMs / MINUTE_MS }),
	archiveGuard: flag(true),
	missingGuard: flag(true),
	shrunkenGuard: flag(true),
	privilegedGuard: flag(true),
	administratorGuard: flag(true),
	loginGuard: flag(true),
};

export type SyncConfig = ValuesOf<typeof fields>;

/** Without a scope nobody would be in it, and everybody who has an account would leave it. */
function validate({ scopeRoles, scopeGroups, scopeAttribute }: SyncConfig): Problem[] {
	const named = scopeRoles.length + scopeGroups.length > 0 || scopeAttribute !== undefined;
	return named ? [] : [{ field: 'scopeRoles', reason: 'scope' }];
}

export const syncNode = { type: 'keycloak-sync', fields, validate, address: [] } as const;

export function settingsOf(config: SyncConfig): IdentitySettings {
	const { massGuard, massFloor, massShare, massMinutes, sentinel } = config;
	const mass = { floor: massFloor, share: massShare / PERCENT, windowMs: massMinutes * MINUTE_MS };
	return identitySettings({
		scope: { roles: config.scopeRoles, groups: config.scopeGroups, attribute: attributeOf(config.scopeAttribute) },
		...{ table: config.table, allowPrivileged: config.allowPrivileged, neverTouch: config.neverTouch },
		...{ login: config.login, language: config.language },
		guards: {
			...{ mass: massGuard && mass, archive: config.archiveGuard, missing: config.missingGuard },
			...{ shrunken: config.shrunkenGuard, privileged: config.privilegedGuard, sentinel: sentinel ?? '' },
			...{ lastAdministrator: config.administratorGuard, unlinkedLogin: config.loginGuard },
		},
	});
}

function attributeOf(pair: string | undefined): { name: string; value: string } | undefined {
	if (pair === undefined) return undefined;
	const [name = '', ...value] = pair.split('=');
	return { name: name.trim(), value: value.join('=').trim() };
}
