/** Links of existing accounts that a person has approved, until a run has made them. */
import type { Kysely } from 'kysely';
import { HubError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { Decider } from './held-plans.ts';
import { folded } from './names.ts';
import { type IdentityTables, identityTopic } from './tables.ts';

export interface LinkApproval {
	/** Keycloak's id. */
	subject: string;
	/** Keycloak's user name and address, as the proposal showed them; whoever approves must be none of them. */
	names: readonly string[];
	/** Odoo's id. */
	account: number;
}

export class LinkApprovals {
	readonly #database: Kysely<IdentityTables>;
	readonly #pair: string;

	private constructor(database: Kysely<IdentityTables>, pair: string) {
		this.#database = database;
		this.#pair = pair;
	}

	static async open(store: Store, pair: string): Promise<LinkApprovals> {
		return new LinkApprovals(await store.topic<IdentityTables>(identityTopic), pair);
	}

	/** Keycloak's id to Odoo's. */
	async approved(): Promise<Map<string, number>> {
		const rows = await this.#database
			.selectFrom('identity_link')
			.select(['subject', 'account'])
			.where('pair', '=', this.#pair)
			.execute();
		return new Map(rows.map(({ subject, account }) => [subject, account]));
	}

	/**
	 * All of them or none; an earlier approval for the same person is replaced.
	 * @throws HubError FORBIDDEN for nobody, IDENTITY_GAIN for one's own, CONFIG_INVALID when a person or an account stands there twice
	 */
	async approve(links: readonly LinkApproval[], by: Decider, now: number): Promise<void> {
		if (by.name.trim() === '' || by.identities.length === 0) {
			throw new HubError('FORBIDDEN', 'Links are approved by a person who is signed in by name.');
		}
		const own = new Set(by.identities.map(folded));
		if (links.some(({ subject, names }) => [subject, ...names].some((name) => own.has(folded(name))))) {
			throw new HubError('IDENTITY_GAIN', 'Nobody links an account to himself. Somebody else must approve this one.');
		}
		if (
			new Set(links.map(({ subject }) => subject)).size < links.length ||
			new Set(links.map(({ account }) => account)).size < links.length
		) {
			throw new HubError('CONFIG_INVALID', 'A person or an account stands twice among the links. Choose one of them.');
		}
		await this.#database.transaction().execute(async (transaction) => {
			for (const { subject, account } of links) {
				const values = { account, approved_by: by.name, approved_at: now };
				await transaction
					.deleteFrom('identity_link')
					.where('pair', '=', this.#pair)
					.where('account', '=', account)
					.where('subject', '!=', subject)
					.execute();
				await transaction
					.insertInto('identity_link')
					.values({ pair: this.#pair, subject, ...values })
					.onConflict((conflict) => conflict.columns(['pair', 'subject']).doUpdateSet(values))
					.execute();
			}
		});
	}
}
