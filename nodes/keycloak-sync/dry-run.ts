/** The button "Dry run" of the dialog: what the rules on the screen would do, before they are deployed. Changes nothing. */

import { toHubError } from '../../lib/errors.ts';
import { dryRunFindings } from '../../lib/identity/findings.ts';
import { realmConnection } from '../keycloak-realm/connection.ts';
import { odooConnection } from '../odoo-server/connection.ts';
import { connectionById } from '../runtime/connection.ts';
import { defineConnectionTest, type Probe } from '../runtime/connection-test.ts';
import { hubOf } from '../runtime/hub.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { type SyncConfig, syncNode } from './config.ts';

/** Adds the route. Call once. */
export function defineDryRun(RED: NodeAPI): void {
	defineConnectionTest(RED, {
		node: syncNode,
		success: 'test.dryRunOk',
		probe: ({ config, signal }) => probe(RED, config, signal),
	});
}

async function probe(RED: NodeAPI, config: SyncConfig, signal: AbortSignal): Promise<Probe> {
	const realm = await connectionById(RED, realmConnection, config.realm);
	const odoo = await connectionById(RED, odooConnection, config.odoo);
	const { sidesOf } = await import('./sides.ts');
	const sides = sidesOf(config, realm, odoo, signal);
	if (Array.isArray(sides)) {
		const text =
			'The connection to Odoo needs a login (user and API key) and one database; deploy it before this test.';
		return { ok: false, text, code: 'CONFIG_INVALID' };
	}
	const { dryRun } = await import('../../lib/identity/dry-run.ts');
	const hub = hubOf(RED);
	try {
		const report = await dryRun({ ...sides, store: await hub.store(), owner: hub.instance }, signal);
		return { ok: true, text: '', findings: dryRunFindings(report) };
	} catch (thrown) {
		const { code, message: text } = toHubError(thrown);
		return { ok: false, text, code };
	}
}
