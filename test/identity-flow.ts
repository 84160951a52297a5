/** A flow with one `keycloak-sync` node between a realm and an Odoo, and taps at its outputs. */
import type { TestRealm } from './keycloak.ts';
import type { FlowNode } from './node-red.ts';
import { API_KEY, type OdooSso } from './servers/odoo-sso.ts';

/** Ids in the flow. */
export const SYNC = 'sync';
export const REPORTS = 'reports';
export const HELD = 'held';
export const EVENTS = 'events';

/** The departments of `deploy/keycloak`. */
const TABLE = [
	{ kind: 'role', name: 'compras', groups: 'purchase.group_purchase_user' },
	{ kind: 'group', name: '/Farmacia', groups: 'stock.group_stock_user' },
	{ kind: 'role', name: 'informatica', groups: 'base.group_system' },
];

export function connections(realm: TestRealm, odoo: OdooSso, keycloakUrl?: string): FlowNode[] {
	const { issuer, clientId, clientSecret } = realm.reader;
	return [
		{
			...{ id: 'realm', type: 'keycloak-realm', version: 1, name: 'Keycloak', issuer, realm: realm.name, clientId },
			...{ internalUrl: keycloakUrl ?? '', credentials: { clientSecret } },
		},
		{
			...{
				id: 'odoo',
				type: 'odoo-server',
				version: 1,
				name: 'Odoo',
				url: odoo.url,
				which: 'list',
				databases: 'clinica',
			},
			...{ user: 'sync', direct: false, credentials: { apiKey: API_KEY } },
		},
	];
}

export function syncNode(properties: Record<string, unknown> = {}): FlowNode {
	return {
		...{ id: SYNC, type: 'keycloak-sync', version: 1, z: 'flow', x: 300, y: 100, wires: [[REPORTS], [HELD], [EVENTS]] },
		...{ realm: 'realm', odoo: 'odoo', database: '', mode: 'changes', interval: '1' },
		...{
			scopeRoles: 'compras, farmacia, informatica',
			scopeGroups: '',
			scopeAttribute: '',
			table: JSON.stringify(TABLE),
		},
		...{ login: 'username', language: 'es_ES', allowPrivileged: 'base.group_system', neverTouch: '', sentinel: '' },
		...{ massFloor: '5', massShare: '10', massMinutes: '10' },
		...properties,
	};
}

export const TAPS: FlowNode[] = [REPORTS, HELD, EVENTS].map((id) => ({ id, type: 'test-tap', z: 'flow', wires: [] }));

export function syncFlow(
	realm: TestRealm,
	odoo: OdooSso,
	{ keycloakUrl, ...properties }: Record<string, unknown> & { keycloakUrl?: string } = {},
): FlowNode[] {
	return [
		{ id: 'flow', type: 'tab', label: 'Identidad' },
		...connections(realm, odoo, keycloakUrl),
		syncNode(properties),
		...TAPS,
	];
}
