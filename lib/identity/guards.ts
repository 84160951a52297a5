/** What of a plan may be done at once, what waits for a person, and when nothing may be done at all. Pure. */

import { lineDigest } from './digest.ts';
import type { Conflict, Line, Plan, TargetDescription } from './model.ts';
import { ADMINISTRATOR, type IdentitySettings, massLimit } from './rules.ts';
import { isPrivileged } from './scope.ts';

export type HoldReason = 'archive' | 'missing' | 'mass' | 'privileged' | 'shrunken';

export interface HeldLine {
	line: Line;
	reasons: HoldReason[];
}

export interface Judgement {
	now: Line[];
	held: HeldLine[];
	conflicts: Conflict[];
}

export interface Circumstances {
	settings: IdentitySettings;
	target: TargetDescription;
	/** The realm has much fewer users than at the last full run. */
	shrunken: boolean;
	/** Accounts and new users that runs changed without approval within the window of the mass guard. */
	recent: ReadonlySet<string>;
	/** Accounts and new users that wait as a mass and were not read now: touched one by one, they are a mass still. */
	massWaiting: ReadonlySet<string>;
	/** Digests of lines that a person approved. */
	released: ReadonlySet<string>;
}

/**
 * Lines that only ever take access away for a while, give back what was so taken, or give a session's owner his sign-in
 * page; no guard delays them. A suspension has no cap, so the way back from a mistaken one has none either.
 */
const ALWAYS: ReadonlySet<Line['kind']> = new Set(['suspend', 'resume', 'endSessions', 'link']);

/**
 * Whether a line that was carried out counts as a change within the window of the mass guard. New accounts take nothing
 * from anybody: they count within their plan, but day one must not use up the window of the changes that follow.
 */
export function countsInWindow({ kind }: Line): boolean {
	return !ALWAYS.has(kind) && kind !== 'create';
}

export function judge(plan: Plan, circumstances: Circumstances): Judgement {
	const { released } = circumstances;
	const { lines, conflicts } = keepAdministrator(plan.lines, circumstances);
	const reasons = new Map<Line, HoldReason[]>();
	for (const line of lines) reasons.set(line, ALWAYS.has(line.kind) ? [] : holdReasons(line, circumstances));
	holdMasses(lines, reasons, circumstances);
	const judgement: Judgement = { now: [], held: [], conflicts: [...plan.conflicts, ...conflicts] };
	for (const line of lines) {
		const why = reasons.get(line) ?? [];
		if (why.length === 0 || released.has(lineDigest(line))) judgement.now.push(line);
		else judgement.held.push({ line, reasons: why });
	}
	return judgement;
}

/** What one account's changes are counted under; a new one has only its id of Keycloak. */
export function changedKey({ subject, account }: Pick<Line, 'subject' | 'account'>): string {
	return account === 0 ? subject : String(account);
}

function holdReasons(line: Line, { settings, target, shrunken }: Circumstances): HoldReason[] {
	const { guards } = settings;
	const reasons: HoldReason[] = [];
	if (line.kind === 'archive') {
		if (line.why === 'missing') {
			if (guards.missing) reasons.push('missing');
		} else if (guards.archive && (target.canSuspend || line.why === 'scope')) reasons.push('archive');
	}
	if (guards.privileged && gains(line).some((group) => isPrivileged(group, target.groups, settings))) {
		reasons.push('privileged');
	}
	if (guards.shrunken && shrunken) reasons.push('shrunken');
	return reasons;
}

function gains(line: Line): readonly string[] {
	return line.kind === 'addGroups' || line.kind === 'create' ? line.groups : [];
}

/** Counts what would be done without anybody's word, with what was done a short time ago. */
function holdMasses(lines: readonly Line[], reasons: Map<Line, HoldReason[]>, circumstances: Circumstances): void {
	const { settings, target, recent, massWaiting, released } = circumstances;
	const { mass } = settings.guards;
	if (!mass) return;
	const counted = lines.filter(
		(line) => !ALWAYS.has(line.kind) && reasons.get(line)?.length === 0 && !released.has(lineDigest(line)),
	);
	const changed = new Set([...recent, ...massWaiting, ...counted.map(changedKey)]);
	if (changed.size <= massLimit(mass, target.linked)) return;
	for (const line of counted) reasons.get(line)?.push('mass');
}

/** Takes out as many lines as needed for one administrator to stay who can sign in; the one with the lowest id. */
function keepAdministrator(lines: readonly Line[], { settings, target }: Circumstances) {
	const loses = (line: Line) =>
		line.kind === 'suspend' ||
		line.kind === 'archive' ||
		(line.kind === 'removeGroups' && line.groups.includes(ADMINISTRATOR));
	const administrators = [...target.administrators].sort((a, b) => a - b);
	const losing = new Set(lines.filter(loses).map(({ account }) => account));
	const kept = administrators.find((id) => !losing.has(id)) ?? administrators[0];
	if (!settings.guards.lastAdministrator || kept === undefined || !losing.has(kept)) return { lines, conflicts: [] };
	const conflicts: Conflict[] = [];
	const left = lines.filter((line) => {
		if (line.account !== kept || !loses(line)) return true;
		const { subject, account, login, kind } = line;
		conflicts.push({ subject, account, login, reason: 'lastAdministrator', detail: kind });
		return false;
	});
	return { lines: left, conflicts };
}
