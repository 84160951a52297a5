/** Rows of the sidebar: the plan that waits is one, for it is decided on as a whole; each account to be linked another. */

import { HubError } from '../../lib/errors.ts';
import type { HoldReason } from '../../lib/identity/guards.ts';
import type { HeldPlan } from '../../lib/identity/held-plans.ts';
import type { LinkProposal } from '../../lib/identity/links.ts';
import { countKinds } from '../../lib/identity/told.ts';
import { holdText, kindText, type Language, likenessText, lineText, whatText } from '../../lib/identity/words.ts';
import type { OperatorDetail, OperatorList, OperatorRow, Words } from '../runtime/operator-view.ts';
import { label } from './operator-view.ts';

/** Users named in a row; all of them stand in its details. */
const NAMED = 3;
/** Rows drawn at once; the others come when these are decided. */
const LIST_LIMIT = 200;

const both = (text: (language: Language) => string): Words => ({ en: text('en'), es: text('es') });

const LIKENESSES = ['exact', 'near', 'colliding'] as const;

/** What a row's id says, which comes back from the browser. */
export type RowId = { plan: string; hash: string } | { subject: string; account: number };

const planId = ({ id, hash }: HeldPlan) => `plan ${id} ${hash}`;
const linkId = (subject: string, account: number) => `link ${account} ${subject}`;

/** @throws HubError CONFIG_INVALID */
export function readRowId(id: unknown): RowId {
	const text = typeof id === 'string' ? id : '';
	const plan = /^plan (\S+) ([0-9a-f]{64})$/.exec(text);
	if (plan?.[1] && plan[2]) return { plan: plan[1], hash: plan[2] };
	const link = /^link (\d+) (.+)$/s.exec(text);
	if (link?.[2]) return { account: Number(link[1]), subject: link[2] };
	throw new HubError('CONFIG_INVALID', 'Choose a row of the list.');
}

export function listRows(held: HeldPlan | null, proposals: readonly LinkProposal[], group: string): OperatorList {
	const links = proposals.flatMap((proposal) => linkRows(proposal).map((row) => ({ kind: proposal.likeness, row })));
	const all = [...(held ? [{ kind: 'held', row: planRow(held) }] : []), ...links];
	const chosen = all.filter(({ kind }) => group === '' || kind === group);
	const count = (value: string) => all.filter(({ kind }) => kind === value).length;
	const groups = ['held', ...LIKENESSES].map((value) => ({
		...{ value, count: count(value) },
		words: value === 'held' ? label('held') : both((language) => likenessText(value as 'exact', language)),
	}));
	return {
		rows: chosen.slice(0, LIST_LIMIT).map(({ row }) => row),
		groups: groups.filter((each) => each.count > 0),
		more: chosen.length > LIST_LIMIT,
	};
}

/** The links of a group that may be approved together. @throws HubError CONFIG_INVALID for those that collide */
export function linksOf(proposals: readonly LinkProposal[], group: string) {
	if (group !== 'exact' && group !== 'near') {
		throw new HubError('CONFIG_INVALID', 'These are decided on one by one: of several accounts, one is the right one.');
	}
	const meant = proposals.filter(({ likeness }) => likeness === group);
	return meant.flatMap(({ subject, candidates }) => candidates.map(({ account }) => ({ subject, account })));
}

function planRow(plan: HeldPlan): OperatorRow {
	const { lines, createdAt } = plan;
	const [first] = lines;
	const users = [...new Set(lines.map(({ line }) => line.login))];
	const rest = users.length - NAMED;
	const reasons = [...new Set(lines.flatMap((held) => held.reasons))] as HoldReason[];
	const what = (language: Language) =>
		first && lines.length === 1
			? whatText(first.line, language)
			: Object.entries(countKinds(lines.map(({ line }) => line)))
					.map(([kind, count]) => `${kindText(kind as 'archive', language)}: ${count}`)
					.join('; ');
	return {
		...{ id: planId(plan), plan: true, link: false, since: createdAt },
		who: users.slice(0, NAMED).join(', ') + (rest > 0 ? `, +${rest}` : ''),
		what: both(what),
		why: both((language) => holdText(reasons, language)),
	};
}

function linkRows({ subject, username, candidates, likeness }: LinkProposal): OperatorRow[] {
	return candidates.map(({ account, login, name, active, privileged }) => ({
		...{ id: linkId(subject, account), plan: false, link: true, who: username },
		what: label(privileged ? 'toPrivileged' : active ? 'to' : 'toArchived', { login, name }),
		why: both((language) => likenessText(likeness, language)),
	}));
}

/** Everything that is decided on, line by line. */
export function planDetail({ lines, createdAt, id, hash }: HeldPlan): OperatorDetail {
	const reasons = (language: Language) =>
		[...Map.groupBy(lines, ({ reasons: why }) => holdText(why, language))]
			.map(([why, of]) => [`${why}:`, ...of.map(({ line }) => `  ${lineText(line, language)}`)].join('\n'))
			.join('\n\n');
	return {
		facts: [
			{ label: label('fact.changes').key, value: lines.length, kind: 'number' },
			{ label: label('column.since').key, value: createdAt, kind: 'time' },
			{ label: label('fact.plan').key, value: `${id} · ${hash.slice(0, 12)}`, kind: 'text' },
		],
		text: both(reasons),
	};
}

export function linkDetail({ subject, username, candidates, likeness }: LinkProposal): OperatorDetail {
	const lines = candidates.map(({ account, login, name, active, privileged }) =>
		[
			`${account}: ${login} · ${name}`,
			active ? '' : ' (archivada · archived)',
			privileged ? ' (administración · administration)' : '',
		].join(''),
	);
	return {
		facts: [
			{ label: label('column.who').key, value: username, kind: 'text' },
			{ label: label('column.why').key, value: both((language) => likenessText(likeness, language)), kind: 'words' },
			{ label: label('fact.subject').key, value: subject, kind: 'text' },
		],
		text: lines.join('\n'),
	};
}
