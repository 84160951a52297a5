/** `keycloak-realm`: a realm of Keycloak and the service account that reads it, for nodes of all flows. */

import { RealmReader } from '../../lib/keycloak/reader.ts';
import { defineConnectionTest } from '../runtime/connection-test.ts';
import { defineNode } from '../runtime/define-node.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { readerOptionsOf, realmNode } from './config.ts';
import type { RealmConnection } from './connection.ts';
import { probeRealm } from './probe.ts';

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...realmNode,
		setup({ config, secrets }): RealmConnection {
			const reader = new RealmReader(readerOptionsOf(config, secrets));
			return { reader, issuer: reader.addresses.issuer };
		},
	});

	defineConnectionTest(RED, {
		node: realmNode,
		probe: ({ config, secrets, signal }) => probeRealm(readerOptionsOf(config, secrets), signal),
	});
}
