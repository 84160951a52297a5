/** Plans that wait for a person, in the store: one at a time for a realm and its Odoo. */
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import { HubError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { lineDigest, planHash } from './digest.ts';
import type { HeldLine } from './guards.ts';
import type { Line, Plan } from './model.ts';
import { folded } from './names.ts';
import { type IdentityTables, identityTopic, type PlanState } from './tables.ts';

/** An approval ends by itself: what was right yesterday may be wrong today. In ms. */
export const APPROVAL_MS = 60 * 60_000;

export interface HeldPlan {
	id: string;
	hash: string;
	createdAt: number;
	state: PlanState;
	lines: HeldLine[];
	decidedBy: string | null;
	decidedAt: number | null;
}

/** Who decides; signed in. */
export interface Decider {
	/** For the record. */
	name: string;
	/** Every name under which the person may stand in a plan: Keycloak's id, user name, address. */
	identities: readonly string[];
}

export class HeldPlans {
	readonly #database: Kysely<IdentityTables>;
	readonly #pair: string;

	private constructor(database: Kysely<IdentityTables>, pair: string) {
		this.#database = database;
		this.#pair = pair;
	}

	static async open(store: Store, pair: string): Promise<HeldPlans> {
		return new HeldPlans(await store.topic<IdentityTables>(identityTopic), pair);
	}

	async waiting(): Promise<HeldPlan | null> {
		return (await this.#inState('waiting'))[0] ?? null;
	}

	/** @throws HubError NOT_FOUND */
	async read(id: string): Promise<HeldPlan> {
		const row = await this.#rows().where('id', '=', id).executeTakeFirst();
		if (row) return read(row);
		throw new HubError('NOT_FOUND', 'There is no such plan (any more). List those that wait, and choose again.');
	}

	/**
	 * Puts what is held now in the place of what waited.
	 * @returns the plan that waits, and whether it is another one than before
	 */
	async hold(
		plan: Pick<Plan, 'issuer' | 'provider'>,
		lines: HeldLine[],
		now: number,
	): Promise<{ plan: HeldPlan | null; isNew: boolean }> {
		const hash = hashOf(plan, lines);
		const before = await this.waiting();
		if (before?.hash === hash) return { plan: before, isNew: false };
		if (!before && lines.length === 0) return { plan: null, isNew: false };
		await this.#database.transaction().execute(async (transaction) => {
			await transaction
				.updateTable('identity_plan')
				.set({ state: 'stale' })
				.where('pair', '=', this.#pair)
				.where('state', '=', 'waiting')
				.execute();
			if (lines.length === 0) return;
			await transaction
				.insertInto('identity_plan')
				.values({
					...{ id: randomUUID(), pair: this.#pair, hash, created_at: now, state: 'waiting' },
					...{ lines: JSON.stringify(lines), decided_by: null, decided_at: null },
				})
				.execute();
		});
		return { plan: await this.waiting(), isNew: lines.length > 0 };
	}

	/**
	 * Says whether this person may decide on this plan.
	 * @throws HubError FORBIDDEN for nobody; PLAN_STALE
	 */
	check(plan: HeldPlan, hash: string, by: Decider): void {
		if (by.name.trim() === '' || by.identities.length === 0) {
			throw new HubError('FORBIDDEN', 'A plan is decided on by a person who is signed in by name.');
		}
		if (plan.state !== 'waiting' || plan.hash !== hash) throw stale();
	}

	/** @throws HubError IDENTITY_GAIN when a line of the plan is for this person's own good */
	checkGain({ lines }: HeldPlan, by: Decider): void {
		if (!lines.some(({ line }) => isGainOf(line, by))) return;
		throw new HubError(
			'IDENTITY_GAIN',
			'This plan gives something to the one who would approve it. Somebody else must decide.',
		);
	}

	/**
	 * Lets the lines of the plan pass the guards for an hour.
	 * @param hash of what the person has seen
	 * @throws HubError FORBIDDEN, IDENTITY_GAIN, PLAN_STALE, NOT_FOUND
	 */
	async approve(id: string, hash: string, by: Decider, now: number): Promise<HeldPlan> {
		const plan = await this.read(id);
		this.check(plan, hash, by);
		this.checkGain(plan, by);
		return this.#decide(plan, 'approved', by, now);
	}

	/** @throws HubError FORBIDDEN, PLAN_STALE, NOT_FOUND */
	async reject(id: string, hash: string, by: Decider, now: number): Promise<HeldPlan> {
		const plan = await this.read(id);
		this.check(plan, hash, by);
		return this.#decide(plan, 'rejected', by, now);
	}

	/** Digests of all lines that are approved now. */
	async released(now: number): Promise<Set<string>> {
		const released = new Set<string>();
		for (const plan of await this.#inState('approved')) {
			if ((plan.decidedAt ?? 0) < now - APPROVAL_MS) await this.#set(plan.id, 'stale');
			else for (const { line } of plan.lines) released.add(lineDigest(line));
		}
		return released;
	}

	/** Keycloak's ids of whom approved lines are for. */
	async approvedSubjects(): Promise<Set<string>> {
		const plans = await this.#inState('approved');
		return new Set(plans.flatMap(({ lines }) => lines.map(({ line }) => line.subject)));
	}

	/** A run has done what was approved, or it is not to be done any more. */
	async settle(): Promise<void> {
		for (const { id } of await this.#inState('approved')) await this.#set(id, 'applied');
	}

	/** Whether the same was rejected and has not changed since: it waits, and nobody is told again. */
	async wasRejected(hash: string): Promise<boolean> {
		const row = await this.#rows().where('hash', '=', hash).where('state', '=', 'rejected').executeTakeFirst();
		return row !== undefined;
	}

	async #decide(plan: HeldPlan, state: 'approved' | 'rejected', { name }: Decider, now: number): Promise<HeldPlan> {
		const { numUpdatedRows } = await this.#database
			.updateTable('identity_plan')
			.set({ state, decided_by: name, decided_at: now })
			.where('id', '=', plan.id)
			// Of two who decide in the same moment, one does.
			.where('state', '=', 'waiting')
			.executeTakeFirst();
		if (numUpdatedRows === 0n) throw stale();
		return { ...plan, state, decidedBy: name, decidedAt: now };
	}

	async #set(id: string, state: PlanState): Promise<void> {
		await this.#database.updateTable('identity_plan').set({ state }).where('id', '=', id).execute();
	}

	async #inState(state: PlanState): Promise<HeldPlan[]> {
		return (await this.#rows().where('state', '=', state).orderBy('created_at', 'desc').execute()).map(read);
	}

	#rows() {
		return this.#database.selectFrom('identity_plan').selectAll().where('pair', '=', this.#pair);
	}
}

/** What a person approves: the lines, not why they are held. */
export function hashOf(plan: Pick<Plan, 'issuer' | 'provider'>, lines: readonly HeldLine[]): string {
	return planHash(
		plan,
		lines.map(({ line }) => line),
	);
}

/** Whether the line gives the person something; being archived or losing a group is none. */
function isGainOf(line: Line, by: Decider): boolean {
	if (line.kind === 'archive' || line.kind === 'suspend' || line.kind === 'removeGroups') return false;
	const named = new Set([line.subject, line.login].map(folded));
	if (line.kind === 'create' || line.kind === 'update') {
		for (const value of [line.values.login, line.values.email]) if (value) named.add(folded(value));
	}
	return by.identities.some((identity) => named.has(folded(identity)));
}

function stale(): HubError {
	return new HubError(
		'PLAN_STALE',
		'The plan has changed since it was shown, or somebody has decided on it already. Read it again, then decide.',
	);
}

function read(row: {
	id: string;
	hash: string;
	created_at: number;
	state: PlanState;
	lines: string | null;
	decided_by: string | null;
	decided_at: number | null;
}): HeldPlan {
	const lines = row.lines === null ? [] : (JSON.parse(row.lines) as HeldLine[]);
	return {
		...{ id: row.id, hash: row.hash, createdAt: row.created_at, state: row.state, lines },
		...{ decidedBy: row.decided_by, decidedAt: row.decided_at },
	};
}
