/** Blanks personal data that is older than its table's age, once a day. */

import { toHubError } from '../../lib/errors.ts';
import type { Log } from '../../lib/log.ts';
import type { Store, Topic } from '../../lib/store/store.ts';

/** Ages are given in days; more often changes nothing that anybody sees. In milliseconds. */
const INTERVAL_MS = 24 * 3_600_000;

/** The first time soon after the start, when the nodes have opened their topics, for hubs that never run a whole day. */
const FIRST_MS = 10 * 60_000;

/** A hub that dies while it purges keeps others from it for this long, in milliseconds. */
const LEASE_MS = 10 * 60_000;

/** Starts the daily purge; its timer does not keep the process alive. */
export function keepAges(store: Store, { log, instance }: { log: Log; instance: string }): void {
	const purge = async () => {
		try {
			const lease = await store.lease('purge', { owner: instance, ttlMs: LEASE_MS });
			if (!lease) return;
			// Also those of nodes that were removed: what they left has an age, too.
			for (const topic of await topicsWithAges()) await store.topic(topic);
			const { rows } = await store.purge();
			const total = Object.values(rows).reduce((sum, count) => sum + count, 0);
			if (total > 0) log.info(`Blanked or removed the personal data of ${total} old records: ${JSON.stringify(rows)}`);
			await lease.release();
		} catch (thrown) {
			log.warn(`Old personal data was not blanked, tried again tomorrow: ${toHubError(thrown).message}`);
		}
	};
	setTimeout(() => {
		void purge();
		setInterval(() => void purge(), INTERVAL_MS).unref();
	}, FIRST_MS).unref();
}

/** Loaded at the first purge, to keep the start of Node-RED short. Beside the store's own, which it opens itself. */
async function topicsWithAges(): Promise<Topic[]> {
	const [{ mailTopic }, { noticesTopic }, { backupTopic }, { outgoingTopic }, { secretsTopic }, { identityTopic }] =
		await Promise.all([
			import('../../lib/mail/ledger-tables.ts'),
			import('../../lib/notices/tables.ts'),
			import('../../lib/backup/run-tables.ts'),
			import('../../lib/backup/outgoing.ts'),
			import('../../lib/store/secrets.ts'),
			import('../../lib/identity/tables.ts'),
		]);
	return [mailTopic, noticesTopic, backupTopic, outgoingTopic, secretsTopic, identityTopic];
}
