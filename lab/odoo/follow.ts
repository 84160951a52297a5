/** Lets the lab's Odoo follow the lab's Keycloak: the provider with its table, and the account that the hub uses. */
import { OdooRpc } from '../../lib/odoo/rpc.ts';
import { DATABASE } from './database.ts';

/** In the group *Synchronisation with Keycloak*, which may nothing else. */
export const SYNC_LOGIN = 'clinic-hub';

/** From the departments' roles of `deploy/keycloak` to what the lab's modules have. */
const TABLE: Readonly<Record<string, string>> = {
	compras: 'purchase.group_purchase_user',
	farmacia: 'purchase.group_purchase_user',
};

export interface FollowOptions {
	url: string;
	administrator: { user: string; password: string };
	/** As browsers see the realm. */
	issuer: string;
	/** Of the account. */
	password: string;
}

/** Makes what is missing; what is there already stays as people have changed it. @throws HubError as `OdooRpc` */
export async function followKeycloak({ url, administrator, issuer, password }: FollowOptions): Promise<void> {
	const rpc = new OdooRpc({ url, database: DATABASE, ...administrator });
	const reference = async (id: string): Promise<number> => {
		const [module, name] = id.split('.');
		const domain = [
			['module', '=', module],
			['name', '=', name],
		];
		const rows = await rpc.call('ir.model.data', 'search_read', [domain, ['res_id']]);
		return (rows as { res_id: number }[])[0]?.res_id ?? 0;
	};
	const found = async (model: string, domain: unknown[]) => (await rpc.call(model, 'search', [domain])) as number[];
	const [account] = await found('res.users', [['login', '=', SYNC_LOGIN]]);
	if (account === undefined) {
		// Before the provider: then internal users are made in Keycloak only.
		const groups = [await reference('base.group_user'), await reference('clinic_sso.group_sync')];
		const user = { name: 'Clinic hub', login: SYNC_LOGIN, password, groups_id: [[6, 0, groups]] };
		await rpc.call('res.users', 'create', [user], { context: { no_reset_password: true } });
	} else {
		await rpc.call('res.users', 'write', [[account], { password }]);
	}
	const protocol = `${issuer}/protocol/openid-connect`;
	const addresses = { auth_endpoint: `${protocol}/auth`, validation_endpoint: `${protocol}/userinfo` };
	// By the realm alone: another start may give Keycloak another port.
	const [provider] = await found('auth.oauth.provider', [['auth_endpoint', 'like', new URL(issuer).pathname]]);
	if (provider !== undefined) {
		await rpc.call('auth.oauth.provider', 'write', [[provider], addresses]);
		return;
	}
	const rows = [];
	for (const [name, group] of Object.entries(TABLE)) {
		rows.push([0, 0, { kind: 'role', name, group_ids: [[6, 0, [await reference(group)]]] }]);
	}
	const clinic = { name: 'Keycloak', client_id: 'odoo', body: 'Keycloak', enabled: false, ...addresses };
	await rpc.call('auth.oauth.provider', 'create', [
		{ ...clinic, clinic_sso_followed: true, clinic_sso_role_ids: rows, clinic_sso_technical_logins: SYNC_LOGIN },
	]);
}
