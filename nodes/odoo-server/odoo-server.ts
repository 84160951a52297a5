/** `odoo-server`: where an Odoo is, which of its databases are meant, and how to sign in; used by nodes of all flows. */

import { defineConnectionTest } from '../runtime/connection-test.ts';
import { defineNode } from '../runtime/define-node.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { connectionOfConfig, odooNode } from './config.ts';
import { probeOdoo } from './probe.ts';

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...odooNode,
		setup: ({ config, secrets }) => connectionOfConfig(config, secrets),
	});

	defineConnectionTest(RED, {
		node: odooNode,
		probe: ({ config, secrets, signal }) => probeOdoo(connectionOfConfig(config, secrets), signal),
	});
}
