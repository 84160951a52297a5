/**
 * What a running node follows and by which rules, in the store: so that the command decides and synchronises as the node
 * does. Holds no secret.
 */
import type { Kysely } from 'kysely';
import { HubError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { IdentitySettings } from './rules.ts';
import { type IdentityTables, identityTopic } from './tables.ts';

export interface Setup {
	issuer: string;
	/** Address of Odoo. */
	url: string;
	database: string;
	settings: IdentitySettings;
}

/** Two hubs that name the same realm and the same Odoo never run at once. */
export function pairOf({ issuer, url, database }: Pick<Setup, 'issuer' | 'url' | 'database'>): string {
	return `${issuer} → ${new URL(url).host}/${database}`;
}

export class Setups {
	readonly #database: Kysely<IdentityTables>;

	private constructor(database: Kysely<IdentityTables>) {
		this.#database = database;
	}

	static async open(store: Store): Promise<Setups> {
		return new Setups(await store.topic<IdentityTables>(identityTopic));
	}

	async save(setup: Setup, now: number): Promise<void> {
		const values = { setup: JSON.stringify(setup), saved_at: now };
		await this.#database
			.insertInto('identity_setup')
			.values({ pair: pairOf(setup), ...values })
			.onConflict((conflict) => conflict.column('pair').doUpdateSet(values))
			.execute();
	}

	/**
	 * The one that is meant.
	 * @param database needed where several are known
	 * @throws HubError NOT_FOUND, CONFIG_INVALID
	 */
	async find(database: string | undefined): Promise<Setup> {
		const rows = await this.#database
			.selectFrom('identity_setup')
			.select('setup')
			.orderBy('saved_at', 'desc')
			.execute();
		const all = rows.map(({ setup }) => JSON.parse(setup) as Setup);
		const meant = all.filter((setup) => database === undefined || setup.database === database);
		if (meant.length === 1 && meant[0]) return meant[0];
		if (meant.length === 0) {
			throw new HubError(
				'NOT_FOUND',
				'No node keycloak-sync has run with this store and database yet. Deploy one; the command goes by its rules.',
			);
		}
		const names = meant.map((setup) => `${setup.database} (${setup.url})`).join(', ');
		throw new HubError('CONFIG_INVALID', `Several are known: ${names}. Say which one by --database.`);
	}
}
