/** Hands the running hub over to the sign-in that the settings have set up; without one there is nothing to do. */

import type { Server } from 'node:http';
import type { Audit } from '../../lib/audit.ts';
import type { Log } from '../../lib/log.ts';
import type { Sealer } from '../../lib/store/sealed.ts';
import type { Store } from '../../lib/store/store.ts';
import { hubOf } from './hub.ts';
import type { NodeAPI } from './node-red.ts';

/** As `editor-auth/` takes it. */
interface HubParts {
	server: Server;
	store: () => Promise<Store>;
	sealer: () => Sealer;
	audit: Audit;
	log: Log;
	commsPath: string;
	onEmergency: () => void;
}

export function guardEditor(RED: NodeAPI): void {
	const attach = RED.settings['clinicHubAttach'] as ((parts: HubParts) => void) | undefined;
	if (!attach) return;
	const { store, sealer, audit, log } = hubOf(RED);
	const root = String(RED.settings['httpAdminRoot'] ?? '/').replace(/\/*$/, '/');
	attach({
		server: RED.server,
		...{ store, sealer, audit, log },
		commsPath: `${root}comms`,
		onEmergency: () => log.warn('Somebody signed in by the emergency access.'),
	});
}
