/** Restores that wait for a person, in the store: a deploy or a restart of the hub does not take a decision from anybody. */

import { access } from 'node:fs/promises';
import type { Kysely } from 'kysely';
import type { Store, Topic } from '../store/store.ts';
import type { HeldRestore } from './held-restores.ts';

interface RestoreTables {
	restore_waiting: {
		/** Node that holds it. */
		node: string;
		/** Id of the backup. */
		id: string;
		/** What the node was set to; see `WaitingRestoresOptions`. */
		settings: string;
		/** `HeldRestore` as JSON. */
		restore: string;
		since: number;
	};
}

/** Whoever has not decided for so long has decided, and the backup is in Drive still. In days. */
const DAYS = 30;

const restoreTopic: Topic = {
	name: 'restore',
	migrations: {
		'0001-waiting': {
			async up(db) {
				await db.schema
					.createTable('restore_waiting')
					.addColumn('node', 'text', (column) => column.notNull())
					.addColumn('id', 'text', (column) => column.notNull())
					.addColumn('settings', 'text', (column) => column.notNull())
					.addColumn('restore', 'text', (column) => column.notNull())
					.addColumn('since', 'bigint', (column) => column.notNull())
					.addPrimaryKeyConstraint('restore_waiting_key', ['node', 'id'])
					.execute();
			},
		},
	},
	ages: [{ table: 'restore_waiting', timeColumn: 'since', days: DAYS, blank: 'row' }],
};

export interface WaitingRestoresOptions {
	store(): Promise<Store>;
	node: string;
	/** Differs when the node restores to another place or believes other keys: what was read before is not confirmed then. */
	settings: string;
}

/** Every method throws `STORE_UNAVAILABLE`. */
export class WaitingRestores {
	readonly #options: WaitingRestoresOptions;

	constructor(options: WaitingRestoresOptions) {
		this.#options = options;
	}

	/** Those of before whose file lies on this machine. */
	async all(): Promise<HeldRestore[]> {
		const { node, settings } = this.#options;
		const rows = await (await this.#db())
			.selectFrom('restore_waiting')
			.select('restore')
			.where('node', '=', node)
			.where('settings', '=', settings)
			.execute();
		const found: HeldRestore[] = [];
		for (const { restore } of rows) {
			const held = JSON.parse(restore) as HeldRestore;
			if (await lies(held.file)) found.push(held);
		}
		return found;
	}

	async keep(held: HeldRestore): Promise<void> {
		const { node, settings } = this.#options;
		const values = { settings, restore: JSON.stringify(held), since: held.since };
		await (await this.#db())
			.insertInto('restore_waiting')
			.values({ node, id: held.id, ...values })
			.onConflict((conflict) => conflict.columns(['node', 'id']).doUpdateSet(values))
			.execute();
	}

	async forget(id: string): Promise<void> {
		const db = await this.#db();
		await db.deleteFrom('restore_waiting').where('node', '=', this.#options.node).where('id', '=', id).execute();
	}

	async #db(): Promise<Kysely<RestoreTables>> {
		return (await this.#options.store()).topic<RestoreTables>(restoreTopic);
	}
}

async function lies(file: string): Promise<boolean> {
	try {
		await access(file);
		return true;
	} catch {
		return false; // removed meanwhile, or another machine's
	}
}
