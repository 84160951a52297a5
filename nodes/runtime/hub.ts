/** What all nodes of one Node-RED process share: the store, health, the audit record, the log. */

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Audit } from '../../lib/audit.ts';
import { toHubError } from '../../lib/errors.ts';
import { Health } from '../../lib/health.ts';
import type { Log } from '../../lib/log.ts';
import { storeAudit } from '../../lib/store/audit.ts';
import { ageDays } from '../../lib/store/personal-data.ts';
import { type Sealer, sealer, storeSecrets } from '../../lib/store/sealed.ts';
import { openStore, type Store } from '../../lib/store/store.ts';
import type { NodeAPI } from './node-red.ts';
import { keepAges } from './purge.ts';

export interface Hub {
	/**
	 * Opens the store at the first call: `HUB_STORE_URL`, or `clinic-hub.sqlite` in the user directory. A failure is not
	 * remembered: the next call tries again.
	 * @throws HubError `STORE_UNAVAILABLE`, `STORE_VERSION`, `CONFIG_INVALID`
	 */
	store(): Promise<Store>;
	/**
	 * Encrypts what lies in the store, by the keys that settings give or one made in the user directory.
	 * @throws HubError `STORE_KEY`
	 */
	sealer(): Sealer;
	readonly health: Health;
	readonly audit: Audit;
	readonly log: Log;
	/** Unique to this process; the owner of its leases. */
	readonly instance: string;
}

/** Each set of nodes gets a `RED` of its own; the emitter is the one thing that all of a process share. */
const hubs = new WeakMap<NodeAPI['events'], Hub>();

export function hubOf(RED: NodeAPI): Hub {
	const known = hubs.get(RED.events);
	if (known) return known;
	const hub = createHub(RED);
	hubs.set(RED.events, hub);
	return hub;
}

function createHub(RED: NodeAPI): Hub {
	const log: Log = {
		debug: (text) => RED.log.debug(`[clinic-hub] ${text}`),
		info: (text) => RED.log.info(`[clinic-hub] ${text}`),
		warn: (text) => RED.log.warn(`[clinic-hub] ${text}`),
		error: (text) => RED.log.error(`[clinic-hub] ${text}`),
	};
	const health = new Health();
	const instance = `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
	const store = lazyStore(RED, { log, health, instance });
	const records = storeAudit(store, { log });
	const audit: Audit = (event) => {
		records.record(event);
		RED.log.audit({ event: `clinic-hub.${event.action}`, ...event });
	};
	let sealing: Sealer | undefined;
	return {
		store,
		sealer: () => {
			const given = RED.settings['clinicHubStoreKeys'];
			sealing ??= sealer(
				storeSecrets({ given: Array.isArray(given) ? given : [], userDir: String(RED.settings.userDir ?? '.') }),
			);
			return sealing;
		},
		health,
		audit,
		log,
		instance,
	};
}

function lazyStore(RED: NodeAPI, { log, health, instance }: Pick<Hub, 'log' | 'health' | 'instance'>) {
	let opening: Promise<Store> | undefined;
	let failure = '';
	let described = '';
	const open = async (): Promise<Store> => {
		const url = process.env['HUB_STORE_URL'] || undefined;
		const file = join(String(RED.settings.userDir ?? '.'), 'clinic-hub.sqlite');
		const store = await openStore({ ...(url ? { url } : { file }), log, ageDays: ageDays(process.env) });
		described = store.dialect === 'sqlite' ? 'SQLite' : 'PostgreSQL';
		keepAges(store, { log, instance });
		return store;
	};
	return (): Promise<Store> => {
		if (!opening) {
			health.register('store', () =>
				failure ? { state: 'failed', text: failure } : { state: 'ok', text: described || '…' },
			);
			opening = open().then(
				(store) => {
					failure = '';
					return store;
				},
				(thrown) => {
					opening = undefined;
					failure = toHubError(thrown).message;
					throw thrown;
				},
			);
		}
		return opening;
	};
}
