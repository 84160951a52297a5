/** The runtime's side of the sidebar "Clinic hub": loaded as a plugin, so that it is there before any node is used. */

import { adminRoute } from './admin-route.ts';
import { guardEditor } from './guard-editor.ts';
import { startHeartbeat } from './heartbeat.ts';
import type { NodeAPI } from './node-red.ts';
import { overview } from './overview.ts';

export default function (RED: NodeAPI): void {
	RED.plugins.registerPlugin('clinic-hub', { type: 'clinic-hub' });
	guardEditor(RED);
	startHeartbeat(RED);
	adminRoute(RED, {
		method: 'get',
		path: 'overview',
		// States and numbers only: for everybody who may look at the flows.
		permission: 'clinic-hub.overview.read',
		handle: () => overview(RED),
	});
}
