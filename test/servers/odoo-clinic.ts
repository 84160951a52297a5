/** Makes of an empty Odoo one that follows a realm: its provider, its table, the account of the hub. By RPC, as a person would. */
import type { IdentityTarget, Line } from '../../lib/identity/model.ts';
import { odooTarget } from '../../lib/identity/odoo-target.ts';
import type { OdooRpc } from '../../lib/odoo/rpc.ts';
import type { IdentityOdoo } from './odoo-identity.ts';

/** Longer than Odoo's policy asks for. */
const HUB_PASSWORD = 'hub hub hub hub';

type Command = [number, number, unknown];

export class OdooClinic {
	readonly odoo: IdentityOdoo;
	readonly issuer: string;
	readonly admin: OdooRpc;

	constructor(odoo: IdentityOdoo, issuer: string) {
		this.odoo = odoo;
		this.issuer = issuer;
		this.admin = odoo.rpc('admin', 'admin');
	}

	/** The number of what has that XML id. */
	async reference(xmlId: string): Promise<number> {
		const [module, name] = xmlId.split('.');
		const domain = [
			['module', '=', module],
			['name', '=', name],
		];
		const rows = await this.admin.call('ir.model.data', 'search_read', [domain], { fields: ['res_id'] });
		const [row] = rows as { res_id: number }[];
		if (!row) throw new Error(`Odoo has no ${xmlId}`);
		return row.res_id;
	}

	async set(...xmlIds: string[]): Promise<Command[]> {
		return [[6, 0, await Promise.all(xmlIds.map((id) => this.reference(id)))]];
	}

	/** @returns its number */
	async makeProvider(issuer = this.issuer): Promise<number> {
		const values = {
			...{ name: 'Keycloak', client_id: 'odoo', body: 'Keycloak', enabled: true },
			auth_endpoint: `${issuer}/protocol/openid-connect/auth`,
			validation_endpoint: `${issuer}/protocol/openid-connect/userinfo`,
		};
		return (await this.admin.call('auth.oauth.provider', 'create', [values])) as number;
	}

	async provider(): Promise<number> {
		const domain = [['auth_endpoint', 'like', `${this.issuer}/`]];
		const [id] = (await this.admin.call('auth.oauth.provider', 'search', [domain])) as number[];
		return id ?? 0;
	}

	changeProvider(values: object): Promise<unknown> {
		return this.provider().then((id) => this.admin.call('auth.oauth.provider', 'write', [[id], values]));
	}

	/** A user who was made by hand. @returns its number */
	async makeUser(login: string, groups: readonly string[], more: object = {}): Promise<number> {
		const values = { login, name: login, groups_id: await this.set(...groups), ...more };
		const context = { no_reset_password: true };
		return (await this.admin.call('res.users', 'create', [values], { context })) as number;
	}

	/** The account of the hub with these groups, and a key alone, as the guide says. */
	async hub(login: string, ...groups: string[]): Promise<OdooRpc> {
		await this.makeUser(login, groups, { password: HUB_PASSWORD });
		const key = await this.odoo.apiKey(login, HUB_PASSWORD);
		await this.odoo.forgetPassword(login);
		return this.odoo.rpc(login, key);
	}

	/** Table: role `contacts` gives the creation of contacts, group `/it` the administration, which is not on the list. */
	async followedByAddon(technical = 'hub'): Promise<void> {
		const role = async (kind: string, name: string, group: string) => {
			return [0, 0, { kind, name, group_ids: await this.set(group) }];
		};
		await this.changeProvider({
			...{ clinic_sso_followed: true, clinic_sso_technical_logins: technical },
			clinic_sso_role_ids: [
				await role('role', 'contacts', 'base.group_partner_manager'),
				await role('group', '/it', 'base.group_system'),
			],
		});
	}

	target(rpc: OdooRpc): Promise<IdentityTarget> {
		return odooTarget(rpc, this.issuer);
	}

	setPassword(account: number, password: string): Promise<unknown> {
		return this.admin.call('res.users', 'write', [[account], { password }]);
	}
}

/** What all lines of one person have in common. */
export const person = (name: string) => ({ subject: `sub-${name}`, login: name, why: 'changed' }) as const;

export const creation = (name: string, groups = ['base.group_user']): Extract<Line, { kind: 'create' }> => ({
	...person(name),
	...{ kind: 'create', account: 0, groups },
	values: { login: name, name: `${name} Prueba`, email: `${name}@clinica.test`, lang: 'en_US' },
});

/** Applies lines and gives each one's outcome: its account's number, or Odoo's refusal. */
export async function applied(target: IdentityTarget, lines: readonly Line[], fence = 1): Promise<(number | string)[]> {
	const results = await target.apply(lines, fence);
	return results.map(({ ok, account = 0, text = '' }) => (ok ? account : text));
}
