/** Odoo with the addon `clinic_sso`: everything by the addon's one guarded model, for which the account needs no right. */
import { HubError } from '../errors.ts';
import type { Account, IdentityTarget, Line, LineResult, RoleTable, TargetDescription } from './model.ts';
import type { OdooCalls } from './odoo-target.ts';

const MODEL = 'clinic.sso';

interface Described {
	provider: number;
	protected: number[];
	administrators: number[];
	linked: number;
	groups: { number: number; id: string; name: string; implies: string[] }[];
	languages: string[];
	table: { kind: 'role' | 'group'; name: string; groups: string[] }[];
}

/** In the order of the addon's answer. */
type Row = [
	id: number,
	login: string,
	name: string | null,
	email: string | null,
	lang: string | null,
	active: boolean,
	suspended: boolean,
	provider: number | null,
	uid: string | null,
	internal: boolean,
	groups: number[],
];

export class SsoTarget implements IdentityTarget {
	readonly #rpc: OdooCalls;
	#names = new Map<number, string>();
	#provider = 0;

	constructor(rpc: OdooCalls) {
		this.#rpc = rpc;
	}

	async describe(): Promise<TargetDescription> {
		const said = (await this.#rpc.call(MODEL, 'describe', [])) as Described;
		this.#names = new Map(said.groups.map(({ number, id }) => [number, id]));
		this.#provider = said.provider;
		const table: RoleTable = said.table.map(({ kind, name, groups }) => ({
			from: kind === 'role' ? { role: name } : { group: name },
			groups,
		}));
		return {
			...{ provider: said.provider, canSuspend: true, administrators: said.administrators, linked: said.linked },
			...{ protected: new Set(said.protected), languages: said.languages, table, limits: [] },
			groups: new Map(said.groups.map(({ id, name, implies }) => [id, { id, name, implies }])),
		};
	}

	async accounts(only?: { uids: readonly string[]; logins: readonly string[] }): Promise<Account[]> {
		if (this.#names.size === 0) await this.describe();
		const rows = (await this.#rpc.call(MODEL, 'accounts', only ? [only.uids, only.logins] : [])) as Row[];
		return rows.map(([id, login, name, email, lang, active, suspended, provider, uid, internal, groups]) => ({
			...{
				id,
				login,
				name: name ?? '',
				email: email ?? '',
				lang: lang ?? '',
				active,
				suspended,
				provider,
				uid,
				internal,
			},
			groups: groups.map((number) => this.#names.get(number) ?? `#${number}`),
		}));
	}

	async apply(lines: readonly Line[], fence: number, signal?: AbortSignal): Promise<LineResult[]> {
		signal?.throwIfAborted();
		if (this.#provider === 0) await this.describe();
		const results = await this.#rpc.call(MODEL, 'apply_lines', [this.#provider, lines, fence]);
		if (Array.isArray(results)) return results as LineResult[];
		throw new HubError('ODOO_REFUSED', 'The addon clinic_sso gives another answer than this version knows. Update it.');
	}
}
