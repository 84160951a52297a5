/** `google-drive`: the account and the one designated folder that the nodes of all flows share. */

import { defineConnectionTest } from '../runtime/connection-test.ts';
import { defineNode } from '../runtime/define-node.ts';
import { hubOf } from '../runtime/hub.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { driveNode } from './config.ts';
import type { DriveConnection } from './connection.ts';
import { defineConsent } from './consent-routes.ts';
import { DriveOpener } from './opener.ts';
import { testDrive } from './test-drive.ts';

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...driveNode,
		setup: (node): DriveConnection => new DriveOpener(node),
	});

	defineConnectionTest(RED, {
		node: driveNode,
		probe: ({ config, secrets, signal }) => testDrive(config, secrets, hubOf(RED), signal),
	});

	defineConsent(RED);
}
