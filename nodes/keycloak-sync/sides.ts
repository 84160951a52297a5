/** The two sides that a node names, as the synchronisation takes them. */

import { CurrentTarget } from '../../lib/identity/current-target.ts';
import { KeycloakSource } from '../../lib/identity/keycloak-source.ts';
import type { Setup } from '../../lib/identity/setups.ts';
import { OdooRpc } from '../../lib/odoo/rpc.ts';
import type { RealmConnection } from '../keycloak-realm/connection.ts';
import type { OdooConnection } from '../odoo-server/connection.ts';
import type { Problem } from '../runtime/fields.ts';
import { type SyncConfig, settingsOf } from './config.ts';

export interface Sides {
	source: KeycloakSource;
	target: CurrentTarget;
	setup: Setup;
}

/** Asks nothing yet. What the chosen connections lack is listed instead. */
export function sidesOf(
	config: SyncConfig,
	{ reader, issuer }: RealmConnection,
	{ place, login }: OdooConnection,
	signal: AbortSignal,
): Sides | Problem[] {
	const [only, ...others] = place.databases ?? [];
	const database = config.database ?? (others.length === 0 ? only : undefined);
	if (!login || !database) {
		return [
			...(login ? [] : [{ field: 'odoo', reason: 'odooLogin' }]),
			...(database ? [] : [{ field: 'database', reason: 'missing' }]),
		];
	}
	const { url } = place;
	const rpc = new OdooRpc({ url, database, user: login.user, password: login.apiKey }, { signal });
	return {
		source: new KeycloakSource(reader),
		target: new CurrentTarget(rpc, issuer),
		setup: { issuer, url, database, settings: settingsOf(config) },
	};
}
