/** OAuth providers with the addon's table on their form. */
import type { Records, Row, Value } from '../records.ts';
import { decidedBy } from './sso.ts';

export const PROVIDER = 'auth.oauth.provider';
const ROLE = 'clinic.sso.role';

/** Those that Odoo brings along, none of which anybody here asks. */
const STOCK = [
	{ name: 'Odoo.com Accounts', auth_endpoint: 'https://accounts.odoo.com/oauth2/auth', enabled: true },
	{ name: 'Facebook Graph', auth_endpoint: 'https://www.facebook.com/dialog/oauth', enabled: false },
	{ name: 'Google OAuth2', auth_endpoint: 'https://accounts.google.com/o/oauth2/auth', enabled: false },
];

export interface Provider {
	id: number;
	fence: number;
	privileged: number[];
	technical: string[];
}

export interface Role {
	kind: string;
	name: string;
	groups: number[];
}

type Commands = [code: number, id: number, value?: unknown][];

export class Providers {
	readonly #records: Records;

	constructor(records: Records) {
		this.#records = records;
		if (records.search(PROVIDER).length === 0) for (const values of STOCK) records.create(PROVIDER, values);
	}

	rows(): Row[] {
		return this.#records.search(PROVIDER);
	}

	create(values: Record<string, unknown>): number {
		const id = this.#records.create(PROVIDER, {});
		this.write(id, values);
		return id;
	}

	write(id: number, values: Record<string, unknown>): void {
		const { clinic_sso_role_ids: roles, clinic_sso_privileged_ids: privileged, ...plain } = values;
		const kept: Record<string, Value> = { ...(plain as Record<string, Value>) };
		for (const [code, , value] of (roles ?? []) as Commands) {
			if (code !== 0) continue;
			const { kind, name, group_ids: groups } = value as { kind: string; name: string; group_ids: Commands };
			this.#records.create(ROLE, { provider_id: id, kind, name, groups: JSON.stringify(setBy(groups)) });
		}
		if (privileged) kept['privileged'] = JSON.stringify(setBy(privileged as Commands));
		this.#records.write(PROVIDER, id, kept);
	}

	followed(): Provider[] {
		return this.#records.search(PROVIDER, [['clinic_sso_followed', '=', true]]).map((row) => ({
			...{ id: row.id, fence: Number(row['clinic_sso_fence'] ?? 0) },
			privileged: JSON.parse(String(row['privileged'] ?? '[]')) as number[],
			technical: String(row['clinic_sso_technical_logins'] || '').split('\n'),
		}));
	}

	/** Kinds and names in their order. */
	table(provider: number): Role[] {
		return this.#records
			.search(ROLE, [['provider_id', '=', provider]])
			.map(({ kind, name, groups }) => ({
				...{ kind: String(kind), name: String(name), groups: JSON.parse(String(groups)) as number[] },
			}))
			.toSorted((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));
	}

	decided(provider: number): Set<number> {
		return decidedBy(this.table(provider).flatMap(({ groups }) => groups));
	}
}

function setBy(commands: Commands): number[] {
	return commands.flatMap(([code, id, value]) => (code === 6 ? (value as number[]) : code === 4 ? [id] : []));
}
