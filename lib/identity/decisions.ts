/** What a person decides: on the plan that waits, and on links of accounts that were made by hand. Each leaves a record. */
import { HubError, toHubError } from '../errors.ts';
import type { Decider, HeldPlan } from './held-plans.ts';
import type { LinkApproval } from './link-approvals.ts';
import type { LinkProposal } from './links.ts';
import type { RunReport } from './report.ts';
import type { RunOptions } from './run-options.ts';
import type { IdentitySync } from './sync.ts';

export interface DecisionTools {
	open(): Promise<IdentitySync>;
	/** After the run that works, and waiting for the one of another hub. */
	carryOut(actor: string, run: (sync: IdentitySync, options: RunOptions) => Promise<RunReport>): Promise<RunReport>;
	onHeld(held: HeldPlan | null): void;
	record(
		action: string,
		actor: string,
		subject: string,
		outcome: 'done' | 'refused' | 'failed',
		details?: Record<string, unknown>,
	): void;
	signal: AbortSignal;
}

/** So long a list of proposals counts: whoever approves has read them, and the whole realm is read for them. In ms. */
const PROPOSALS_MS = 5 * 60_000;

/** Failures by which nothing was begun. */
const REFUSALS: ReadonlySet<string> = new Set([
	...['FORBIDDEN', 'IDENTITY_GAIN', 'IDENTITY_BUSY', 'PLAN_STALE', 'NOT_FOUND', 'CONFIG_INVALID'],
]);

export class Decisions {
	readonly #tools: DecisionTools;
	#proposals: { at: number; list: Promise<LinkProposal[]> } | undefined;

	constructor(tools: DecisionTools) {
		this.#tools = tools;
	}

	async waiting(): Promise<HeldPlan | null> {
		return (await this.#tools.open()).plans.waiting();
	}

	/**
	 * Approves the plan and carries it out.
	 * @param hash of what the person has read
	 * @throws HubError FORBIDDEN, IDENTITY_GAIN, PLAN_STALE, NOT_FOUND, IDENTITY_BUSY, and as `IdentitySync.run`
	 */
	async approve(id: string, hash: string, by: Decider): Promise<RunReport> {
		return this.#recorded('approve', by, id, { hash }, async () => {
			const report = await this.#tools.carryOut(by.name, (sync, options) => sync.approve(id, hash, by, options));
			if (!report.busy) return report;
			throw new HubError(
				'IDENTITY_BUSY',
				'Another hub works for long. Nothing was decided; try again when it has ended.',
			);
		});
	}

	/** @throws HubError FORBIDDEN, PLAN_STALE, NOT_FOUND */
	async reject(id: string, hash: string, by: Decider): Promise<HeldPlan> {
		const rejected = await this.#recorded('reject', by, id, { hash }, async () =>
			(await this.#tools.open()).reject(id, hash, by),
		);
		this.#tools.onHeld(await this.waiting());
		return rejected;
	}

	/** Accounts made by hand, proposed for users of Keycloak; read at most every five minutes. @throws HubError as the sides */
	async proposals(): Promise<LinkProposal[]> {
		if (!this.#proposals || Date.now() - this.#proposals.at > PROPOSALS_MS) {
			const list = this.#tools.open().then((sync) => sync.proposals(this.#tools.signal));
			this.#proposals = { at: Date.now(), list };
			list.catch(() => this.forget());
		}
		return this.#proposals.list;
	}

	/** What was proposed may be so no more. */
	forget(): void {
		this.#proposals = undefined;
	}

	/**
	 * A person links; the next full run does it.
	 * @throws HubError PLAN_STALE for what is not proposed (any more), FORBIDDEN, IDENTITY_GAIN, CONFIG_INVALID
	 */
	async link(wanted: readonly Pick<LinkApproval, 'subject' | 'account'>[], by: Decider): Promise<void> {
		const subject = wanted.map((link) => `${link.subject}=${link.account}`).join(' ');
		await this.#recorded('link', by, subject, {}, async () => {
			const sync = await this.#tools.open();
			await sync.approveLinks(namedLinks(wanted, await this.proposals()), by);
		});
		this.forget();
	}

	async #recorded<T>(
		action: string,
		by: Decider,
		subject: string,
		details: Record<string, unknown>,
		work: () => Promise<T>,
	): Promise<T> {
		const { record } = this.#tools;
		try {
			const result = await work();
			record(action, by.name, subject, 'done', details);
			return result;
		} catch (thrown) {
			const { code } = toHubError(thrown);
			record(action, by.name, subject, REFUSALS.has(code) ? 'refused' : 'failed', { ...details, code });
			throw thrown;
		}
	}
}

/** Only what is proposed can be linked, under the names that Keycloak says. */
function namedLinks(
	wanted: readonly Pick<LinkApproval, 'subject' | 'account'>[],
	proposals: readonly LinkProposal[],
): LinkApproval[] {
	return wanted.map(({ subject, account }) => {
		const proposal = proposals.find((one) => one.subject === subject);
		if (!proposal?.candidates.some((candidate) => candidate.account === account)) {
			throw new HubError(
				'PLAN_STALE',
				'A link that was chosen is not proposed any more. Read the list again, then choose.',
			);
		}
		return { subject, account, names: proposal.names };
	});
}
