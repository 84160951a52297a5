/** One synchronisation: under a lease it reads, plans, asks the guards, applies, and says what it did. */
import { HeldLease } from '../store/held-lease.ts';
import type { Lease } from '../store/store.ts';
import { type Applied, applyLines } from './apply.ts';
import { lineDigest } from './digest.ts';
import { expand, type Gathered, gatherAll, gatherSome, type Sides } from './gather.ts';
import { changedKey, countsInWindow, type HeldLine, judge } from './guards.ts';
import { type Decider, type HeldPlan, HeldPlans, hashOf } from './held-plans.ts';
import { type LinkApproval, LinkApprovals } from './link-approvals.ts';
import { type LinkProposal, proposeLinks } from './links.ts';
import { IdentityMemory, type Standing } from './memory.ts';
import type { Plan, SourceEvent } from './model.ts';
import { makePlan } from './plan.ts';
import { emptyReport, type RunMode, type RunReport } from './report.ts';
import type { IdentitySettings } from './rules.ts';
import type { RunOptions, SyncOptions } from './run-options.ts';

import { inScope } from './scope.ts';
import { isStillTrue, requireCurrent } from './stale.ts';
import { IdentityStopped } from './stopped.ts';
import { type Cursor, eventsFrom, findSuspects, SKEW_MS } from './suspects.ts';

/** Without events nothing says whom to look at: everybody is read, but not with every poll. In ms. */
export const BLIND_MS = 5 * 60_000;

/** Renewed while a run goes on; so long after a hub was killed another one goes on, and a leaver's sessions end. In ms. */
const LEASE_MS = 10_000;

/** What was read, and what the store shall know afterwards. */
interface Reading {
	mode: RunMode;
	gathered: Gathered;
	fresh: readonly SourceEvent[];
	cursor: Cursor | null;
	/** Ids that were read again; null: all. */
	ids: readonly string[] | null;
}

export class IdentitySync {
	readonly plans: HeldPlans;
	readonly #options: SyncOptions;
	readonly #memory: IdentityMemory;
	readonly #links: LinkApprovals;
	readonly #now: () => number;
	/** Fencing token of the last run here; 0 before the first. */
	#token = 0;

	private constructor(options: SyncOptions, memory: IdentityMemory, plans: HeldPlans, links: LinkApprovals) {
		this.#options = options;
		this.#memory = memory;
		this.plans = plans;
		this.#links = links;
		this.#now = options.now ?? Date.now;
	}

	static async open(options: SyncOptions): Promise<IdentitySync> {
		const { store, pair } = options;
		const memory = await IdentityMemory.open(store, pair);
		return new IdentitySync(options, memory, await HeldPlans.open(store, pair), await LinkApprovals.open(store, pair));
	}

	/** @throws HubError as both sides; IDENTITY_STOPPED when a guard stops the whole run. Nothing was changed then. */
	async run(mode: RunMode, options: RunOptions = {}): Promise<RunReport> {
		return this.#underLease(mode, async (lease) => {
			const report = emptyReport(mode, options.dryRun ?? false);
			if (!options.dryRun) await this.#takeOver(lease, options.signal);
			const standing = await this.#standing();
			const reading = await this.#read(mode, standing, report, options);
			if (!reading) return report;
			return this.#carryOut(reading, standing, lease, report, options);
		});
	}

	/**
	 * Approves what waits and does it, if it is still what would be done.
	 * @throws HubError FORBIDDEN, PLAN_STALE, NOT_FOUND, and as `run`
	 */
	async approve(id: string, hash: string, by: Decider, options: RunOptions = {}): Promise<RunReport> {
		return this.#underLease('everything', async (lease) => {
			const plan = await this.plans.read(id);
			this.plans.check(plan, hash, by);
			this.plans.checkGain(plan, by);
			await this.#takeOver(lease, options.signal);
			const report = emptyReport('everything', false);
			const standing = await this.#standing();
			const reading = await this.#readSubjects(plan, standing, report, options);
			const current = await this.#plan(reading.gathered);
			requireCurrent(plan, current);
			await this.plans.approve(id, hash, by, this.#now());
			return this.#carryOut(reading, standing, lease, report, options);
		});
	}

	/** @throws HubError FORBIDDEN, PLAN_STALE, NOT_FOUND */
	async reject(id: string, hash: string, by: Decider): Promise<HeldPlan> {
		return this.plans.reject(id, hash, by, this.#now());
	}

	/** Accounts of Odoo that belong to nobody and may be somebody's; nothing is linked by this. */
	async proposals(signal?: AbortSignal): Promise<LinkProposal[]> {
		const { settings } = this.#options;
		const { input } = await gatherAll(this.#sides({ signal }), [], null);
		const people = input.people.filter((person) => person.enabled && inScope(person, settings.scope));
		return proposeLinks({ ...input, people });
	}

	/** A person links accounts in bulk; the next full run does it. @throws HubError FORBIDDEN, CONFIG_INVALID */
	async approveLinks(links: readonly LinkApproval[], by: Decider): Promise<void> {
		await this.#links.approve(links, by, this.#now());
	}

	async #underLease(mode: RunMode, work: (lease: Lease) => Promise<RunReport>): Promise<RunReport> {
		const { store, pair, owner } = this.#options;
		// One run a taking, also within a process: its own second run would otherwise end the first one's lease.
		const askedAt = performance.now();
		const lease = await store.lease(`identity:${pair}`, { owner: `${owner}:${crypto.randomUUID()}`, ttlMs: LEASE_MS });
		if (!lease) return { ...emptyReport(mode, false), busy: true };
		const held = new HeldLease(lease, { ttlMs: LEASE_MS, askedAt });
		try {
			return await work(lease);
		} finally {
			await held.release();
		}
	}

	/** Where somebody else had the lease: what he sent and Odoo has not done yet must not come after what is read now. */
	async #takeOver({ token }: Lease, signal: AbortSignal | undefined): Promise<void> {
		if (token !== this.#token + 1) await this.#options.target.apply([], token, signal);
		this.#token = token;
	}

	async #standing(): Promise<Standing> {
		const { issuer } = this.#options.source;
		const standing = await this.#memory.standing();
		if (standing && standing.issuer !== issuer) {
			throw new IdentityStopped('otherRealm');
		}
		return standing ?? { issuer, cursor: null, counted: null, fullAt: null };
	}

	/** Null when nothing has changed. */
	async #read(mode: RunMode, standing: Standing, report: RunReport, options: RunOptions): Promise<Reading | null> {
		const { source } = this.#options;
		const { signal, dryRun } = options;
		const since = eventsFrom(standing.cursor, this.#now());
		const answer = await source.events(since, signal);
		const seen = await this.#memory.keysSince(since);
		const { fresh, subjects, cursor, full, skewMs } = findSuspects(answer, standing.cursor, seen, this.#now());
		if (Math.abs(skewMs) > SKEW_MS)
			report.warnings.push({ code: 'clockSkew', detail: String(Math.round(skewMs / 1000)) });
		if (full && full !== 'firstRun') report.warnings.push({ code: full, detail: '' });
		const blind = full === 'noEvents' && standing.fullAt !== null && this.#now() - standing.fullAt < BLIND_MS;
		if (mode === 'changes' && (blind || (!full && fresh.length === 0))) {
			if (!dryRun) await this.#memory.stand({ ...standing, cursor });
			return null;
		}
		const ids = mode === 'everything' || full ? null : await expand(source, subjects, signal);
		const sides = this.#sides(options);
		if (ids) return { mode, gathered: await gatherSome(sides, ids, fresh, false), fresh, cursor, ids };
		const gathered = await gatherAll(sides, fresh, standing.counted);
		report.warnings.push(...gathered.unknown.map((detail) => ({ code: 'unknownName', detail }) as const));
		return { mode: 'everything', gathered, fresh, cursor, ids: null };
	}

	async #readSubjects(plan: HeldPlan, standing: Standing, report: RunReport, options: RunOptions): Promise<Reading> {
		const { source } = this.#options;
		const subjects = plan.lines.map(({ line }) => ({ type: 'user', id: line.subject }) as const);
		const cursor = standing.cursor;
		const ids = cursor ? await expand(source, subjects, options.signal) : null;
		if (ids && cursor) {
			return {
				mode: 'changes',
				gathered: await gatherSome(this.#sides(options), ids, [], true),
				fresh: [],
				cursor,
				ids,
			};
		}
		const reading = await this.#read('everything', standing, report, options);
		if (!reading) throw new Error('A full reading always gives something');
		return reading;
	}

	#sides({ signal, progress }: RunOptions): Sides {
		const { source, target, settings, apartMs } = this.#options;
		return {
			...{ source, target, memory: this.#memory, settings, apartMs, signal },
			progress: (done, total) => progress?.('reading', done, total),
		};
	}

	/** Where somebody gets a new login, all accounts are looked through for one that looks like it. */
	async #plan(gathered: Gathered, signal?: AbortSignal): Promise<Plan> {
		const links = await this.#links.approved();
		const plan = makePlan({ ...gathered.input, links });
		const naming = plan.lines.some((line) => line.kind === 'create' || (line.kind === 'update' && line.values.login));
		const needsAll = naming || gathered.input.people.some(({ id }) => links.has(id));
		if (gathered.counted !== null || !needsAll) return plan;
		return makePlan({ ...gathered.input, links, accounts: await this.#options.target.accounts(undefined, signal) });
	}

	async #carryOut(
		reading: Reading,
		standing: Standing,
		lease: Lease,
		report: RunReport,
		options: RunOptions,
	): Promise<RunReport> {
		const { gathered, ids } = reading;
		const { source, settings, target } = this.#options;
		const { signal, progress, dryRun } = options;
		const plan = await this.#plan(gathered, signal);
		const released = await this.plans.released(this.#now());
		const { mass } = settings.guards;
		const recent = mass ? await this.#memory.recent(this.#now() - mass.windowMs) : new Set<string>();
		const judgement = judge(plan, {
			settings,
			target: gathered.input.target,
			shrunken: gathered.shrunken,
			recent,
			massWaiting: await this.#massWaiting(ids),
			released,
		});
		Object.assign(report, { mode: reading.mode, plan, now: judgement.now, heldLines: judgement.held });
		report.conflicts.push(...judgement.conflicts);
		describeSides(report, gathered, settings);
		if (dryRun) return report;
		let count = 0;
		const applied = await applyLines(judgement.now, {
			...{ target, lease, signal },
			stillTrue: (line) => isStillTrue(line, source, settings, signal),
			onBatch: async (done, total) => {
				count += done.length;
				progress?.('applying', count, total);
				const counted = done.filter((line) => countsInWindow(line) && !released.has(lineDigest(line)));
				await this.#memory.changed(counted.map(changedKey), this.#now());
			},
		});
		Object.assign(report, applied);
		await this.#remember(reading, standing, judgement.held, applied);
		await this.#hold(plan, judgement.held, ids, report);
		const open = applied.cancelled || applied.failed.some(({ line }) => released.has(lineDigest(line)));
		// Only what was read can be said to be done: a run over a few leaves the rest of an approval standing.
		if (released.size > 0 && !open && (ids === null || (await this.#covers(ids)))) await this.plans.settle();
		return report;
	}

	async #massWaiting(ids: readonly string[] | null): Promise<Set<string>> {
		const waiting = ids === null ? null : await this.plans.waiting();
		const lines = waiting?.lines.filter(({ reasons }) => reasons.includes('mass')).map(({ line }) => line) ?? [];
		return new Set(lines.filter(({ subject }) => !ids?.includes(subject)).map(changedKey));
	}

	async #covers(ids: readonly string[]): Promise<boolean> {
		const approved = await this.plans.approvedSubjects();
		return [...approved].every((subject) => ids.includes(subject));
	}

	async #remember(
		{ fresh, cursor, gathered, ids }: Reading,
		standing: Standing,
		held: readonly HeldLine[],
		applied: Applied,
	): Promise<void> {
		// Whoever could not be suspended is looked at again with the next events, and so is everybody after a cancel.
		const open = new Set(applied.failed.filter(({ line }) => line.kind === 'suspend').map(({ line }) => line.subject));
		if (applied.cancelled || open.size > 0) return;
		await this.#memory.dealtWith(fresh, this.#now());
		const full = ids === null;
		// A smaller realm is the measure of the next run once nobody waits in it for a decision.
		const accepted = !gathered.shrunken || held.every(({ line }) => line.why !== 'missing');
		await this.#memory.stand({
			...{ issuer: standing.issuer, cursor },
			counted: full && accepted ? gathered.counted : standing.counted,
			fullAt: full ? this.#now() : standing.fullAt,
		});
	}

	/** A run over a few changes what waits of these only. */
	async #hold(plan: Plan, held: HeldLine[], ids: readonly string[] | null, report: RunReport): Promise<void> {
		const before = ids === null ? [] : ((await this.plans.waiting())?.lines ?? []);
		const others = before.filter(({ line }) => !ids?.includes(line.subject));
		const lines = [...others, ...held];
		// What a person rejected is not asked again as long as it is the same; what waited before it does not wait any more.
		const rejected = await this.plans.wasRejected(hashOf(plan, lines));
		const { plan: waiting, isNew } = await this.plans.hold(plan, rejected ? [] : lines, this.#now());
		report.held = waiting;
		report.heldIsNew = isNew;
	}
}

function describeSides(report: RunReport, { input, counted }: Gathered, { scope, table }: IdentitySettings): void {
	const { target, people } = input;
	report.limits.push(...target.limits);
	report.table = { from: target.table ? 'odoo' : 'node', entries: (target.table ?? table).length };
	if (counted === null) return;
	const inside = people.filter((person) => person.enabled && inScope(person, scope));
	report.counts = { users: counted, inScope: inside.length, linked: target.linked };
}
