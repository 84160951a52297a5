/** Odoo with the addon, the real one where ODOO_SRC names it, and the synchronisation of a realm with it. */
import { KeycloakSource } from '../../lib/identity/keycloak-source.ts';
import type { IdentityTarget } from '../../lib/identity/model.ts';
import type { RunReport } from '../../lib/identity/report.ts';
import { identitySettings } from '../../lib/identity/rules.ts';
import { IdentitySync } from '../../lib/identity/sync.ts';
import { RealmReader } from '../../lib/keycloak/reader.ts';
import type { OdooRpc } from '../../lib/odoo/rpc.ts';
import { openStore } from '../../lib/store/store.ts';
import type { Owner, TestRealm } from '../../test/keycloak.ts';
import { type KeycloakProxy, keycloakProxy } from '../../test/servers/keycloak-proxy.ts';
import { OdooClinic } from '../../test/servers/odoo-clinic.ts';
import { type IdentityOdoo, startIdentityOdoo } from '../../test/servers/odoo-identity.ts';
import { startStandIn } from '../../test/servers/odoo-identity-stand-in.ts';
import { DEPARTMENTS, roleOf } from './realm.ts';

const HUB = 'hub';

export interface Side {
	odoo: IdentityOdoo;
	clinic: OdooClinic;
	rpc: OdooRpc;
	target: IdentityTarget;
	sync: IdentitySync;
	/** The same synchronisation with everything that it asks of Keycloak counted. */
	counted: IdentitySync;
	proxy: KeycloakProxy;
	/** Calls of the synchronisation to Odoo so far. */
	calls(): number;
}

export async function startSide(owner: Owner, realm: TestRealm): Promise<Side> {
	const source = process.env.ODOO_SRC;
	const odoo = source ? await startIdentityOdoo(source) : await startStandIn();
	owner.after(() => odoo.stop());
	const clinic = new OdooClinic(odoo, realm.issuer);
	await clinic.makeProvider();
	await odoo.installAddon();
	await clinic.changeProvider({
		...{ clinic_sso_followed: true, clinic_sso_technical_logins: HUB },
		clinic_sso_role_ids: await Promise.all(
			DEPARTMENTS.map(async (name) => {
				const groups = await clinic.set(name === 'Compras' ? 'base.group_partner_manager' : 'base.group_allow_export');
				return [0, 0, { kind: 'role', name: roleOf(name), group_ids: groups }];
			}),
		),
	});
	const rpc = await clinic.hub(HUB, 'base.group_user', 'clinic_sso.group_sync');
	const target = await clinic.target(rpc);
	const store = await openStore({ file: ':memory:' });
	owner.after(() => store.close());
	const proxy = await keycloakProxy(owner, realm.keycloak.port);
	let calls = 0;
	const counting: OdooRpc = Object.assign(Object.create(rpc), {
		signIn: () => rpc.signIn(),
		call: (...args: Parameters<OdooRpc['call']>) => {
			calls += 1;
			return rpc.call(...args);
		},
	});
	const open = async (internalUrl?: string) =>
		IdentitySync.open({
			source: new KeycloakSource(new RealmReader({ ...realm.reader, ...(internalUrl ? { internalUrl } : {}) })),
			...{ target: await clinic.target(counting), store, pair: 'bench', owner: 'hub', apartMs: 0 },
			settings: identitySettings({
				scope: { groups: DEPARTMENTS.map((name) => `/${name}`) },
				language: 'en_US',
				// What is measured is not whether a person approves.
				guards: { mass: false },
			}),
		});
	return {
		...{ odoo, clinic, rpc, target, proxy, sync: await open(), counted: await open(proxy.url), calls: () => calls },
	};
}

/** @throws Error unless the run did as many lines as are expected, and held and failed none */
export function did(report: RunReport, lines: number): RunReport {
	const { done, failed, heldLines, conflicts } = report;
	if (done.length === lines && failed.length + heldLines.length + conflicts.length === 0) return report;
	const first = failed[0]?.text ?? conflicts[0]?.reason ?? heldLines[0]?.reasons.join();
	throw new Error(
		`Expected ${lines} lines done: ${done.length}, held ${heldLines.length}, failed ${failed.length}: ${first}`,
	);
}
