/**
 * What an operator does with users: decides on what a guard holds, links accounts that were made by hand, runs and cancels.
 * `defineIdentityTopic` is called once in the node file; each running node adds itself as a source.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { HubError } from '../../lib/errors.ts';
import type { Follower } from '../../lib/identity/follower.ts';
import type { FollowerState } from '../../lib/identity/follower-state.ts';
import type { Decider, HeldPlan } from '../../lib/identity/held-plans.ts';
import type { LinkProposal } from '../../lib/identity/links.ts';
import type { RunReport } from '../../lib/identity/report.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import {
	defineOperatorTopic,
	type OperatorSources,
	operatorAction,
	type SourceState,
} from '../runtime/operator-actions.ts';
import type { OperatorDetail, OperatorResult } from '../runtime/operator-view.ts';
import { ofNode } from '../runtime/phrase.ts';
import { identityView, label } from './operator-view.ts';
import { linkDetail, linksOf, listRows, planDetail, type RowId, readRowId } from './rows.ts';
import { syncStatus } from './status.ts';

/** What the topic needs of a running node. */
export interface IdentitySourceNode {
	waiting(): Promise<HeldPlan | null>;
	proposals(): Promise<LinkProposal[]>;
	approve(id: string, hash: string, by: Decider): Promise<RunReport>;
	reject(id: string, hash: string, by: Decider): Promise<unknown>;
	link(links: { subject: string; account: number }[], by: Decider): Promise<void>;
	/** Everything, told by status and outputs: nobody waits for it with a finger on the button. */
	begin(actor: string): void;
	cancel(actor: string): boolean;
	state(): SourceState;
}

/** A browser's request ends before; what was approved goes on. In ms. */
const ANSWER_MS = 30_000;

/** What Node-RED calls people whom it does not know by name. */
const NOBODY: ReadonlySet<string> = new Set(['anonymous', 'unknown', '']);

/** The face of a running node towards the operator. */
export function identitySource(follower: Follower, follows: boolean): IdentitySourceNode {
	const { decisions } = follower;
	return {
		waiting: () => decisions.waiting(),
		proposals: () => decisions.proposals(),
		approve: (...decision) => decisions.approve(...decision),
		reject: (...decision) => decisions.reject(...decision),
		link: (...decision) => decisions.link(...decision),
		begin: (actor) =>
			void follower.run('everything', { actor }).catch((thrown: unknown) => follower.tellFailure(thrown)),
		cancel: (actor) => follower.cancel(actor),
		state: () => sourceState(follower.state, follows),
	};
}

function sourceState(state: FollowerState, follows: boolean): SourceState {
	const { tone, phrase } = syncStatus(state, follows);
	const { held, last, begun, proposalsRead } = state;
	return {
		tone: tone === 'problem' ? 'problem' : tone === 'waiting' ? 'attention' : 'ok',
		phrase: ofNode('keycloak-sync', phrase),
		revision: JSON.stringify([held?.hash ?? null, last?.at ?? null, begun, proposalsRead]),
		flags: { working: state.working !== null },
		count: held?.lines.length ?? 0,
	};
}

/** Registers routes and view of the topic `identity`. */
export function defineIdentityTopic(RED: NodeAPI): OperatorSources<IdentitySourceNode> {
	return defineOperatorTopic<IdentitySourceNode>(RED, {
		name: 'identity',
		view: identityView,
		state: (source) => source.state(),
		actions: {
			list: operatorAction({
				audited: false,
				parse: ({ group }) => ({ group: typeof group === 'string' ? group : '' }),
				run: async (source: IdentitySourceNode, { group }) =>
					listRows(await source.waiting(), await proposalsOf(source), group),
			}),
			inspect: operatorAction({
				audited: false,
				parse: ({ id }) => readRowId(id),
				run: (source: IdentitySourceNode, row) => inspect(source, row),
			}),
			// These three are recorded in lib/identity/decisions.ts, with what was decided on.
			approve: operatorAction({
				audited: false,
				parse: ({ ids }) => planOf(ids),
				run: (source: IdentitySourceNode, { plan, hash }, { actor }) =>
					approve(() => source.approve(plan, hash, deciderOf(actor))),
			}),
			reject: operatorAction({
				audited: false,
				parse: ({ ids }) => planOf(ids),
				run: async (source: IdentitySourceNode, { plan, hash }, { actor }): Promise<OperatorResult> => {
					await source.reject(plan, hash, deciderOf(actor));
					return { done: 1, note: label('rejected') };
				},
			}),
			link: operatorAction({
				audited: false,
				parse: ({ ids, group }) => linksChosen(ids, group),
				run: link,
			}),
			run: operatorAction({
				parse: () => ({}),
				run: async (source: IdentitySourceNode, _input, { actor }) => {
					source.begin(actor);
					return { note: label('begun') };
				},
			}),
			cancel: operatorAction({
				audited: false,
				parse: () => ({}),
				run: async (source: IdentitySourceNode, _input, { actor }) => ({
					note: label(source.cancel(actor) ? 'cancelled' : 'idle'),
				}),
			}),
		},
	});
}

/** The plan is shown, also while one of the sides is down: then nothing can be proposed. */
async function proposalsOf(source: IdentitySourceNode): Promise<LinkProposal[]> {
	return source.proposals().catch(() => []); // status and log say what is down
}

async function inspect(source: IdentitySourceNode, row: RowId): Promise<OperatorDetail> {
	if ('plan' in row) {
		const held = await source.waiting();
		if (held?.id === row.plan && held.hash === row.hash) return planDetail(held);
	} else {
		const proposal = (await source.proposals()).find(({ subject }) => subject === row.subject);
		if (proposal) return linkDetail(proposal);
	}
	throw new HubError('PLAN_STALE', 'This waits no more, or has changed: reload the list.');
}

async function approve(decide: () => Promise<RunReport>): Promise<OperatorResult> {
	const work = decide();
	work.catch(() => {}); // told below, or by status and outputs when it takes long
	const report = await Promise.race([work, delay(ANSWER_MS, null, { ref: false })]);
	if (!report) return { done: 0, note: label('goesOn') };
	const { done, failed } = report;
	return { done: done.length, ...(failed.length > 0 ? { failed: failed.map(() => label('lineFailed')) } : {}) };
}

async function link(
	source: IdentitySourceNode,
	{ links, group }: { links: { subject: string; account: number }[]; group: string | undefined },
	{ actor }: { actor: string },
): Promise<OperatorResult> {
	const chosen = group === undefined ? links : linksOf(await source.proposals(), group);
	await source.link(chosen, deciderOf(actor));
	source.begin(actor);
	return { done: chosen.length, note: label('linked') };
}

/** Known by the name under which a person signed in; without a sign-in the editor is reached from this machine only. */
function deciderOf(actor: string): Decider {
	return { name: actor, identities: NOBODY.has(actor) ? [] : [actor] };
}

function planOf(ids: unknown): { plan: string; hash: string } {
	const row = Array.isArray(ids) && ids.length === 1 ? readRowId(ids[0]) : undefined;
	if (row && 'plan' in row) return row;
	throw new HubError('CONFIG_INVALID', 'Choose exactly one plan: it is decided on as a whole.');
}

/** Never "all" by mistake: an empty choice is refused. */
function linksChosen(
	ids: unknown,
	group: unknown,
): { links: { subject: string; account: number }[]; group: string | undefined } {
	if (typeof group === 'string' && group) return { links: [], group };
	const rows = Array.isArray(ids) ? ids.map(readRowId) : [];
	const links = rows.flatMap((row) => ('subject' in row ? [row] : []));
	if (links.length === 0 || links.length < rows.length) {
		throw new HubError('CONFIG_INVALID', 'Choose accounts to link; a plan is approved by the other button.');
	}
	return { links, group: undefined };
}
