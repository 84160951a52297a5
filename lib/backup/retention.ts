/**
 * Which backups stay. A pure function of what lies in the folder: it never looks at this machine's clock, and a period is
 * over only when a newer backup that counts has arrived. Whatever is not proven to be this hub's own backup of this
 * database is left alone.
 */

import { isKept } from '../drive/file.ts';
import { calendar, type Periods } from './calendar.ts';
import { checkRules, type RetentionRules } from './retention-rules.ts';
import { type Standing, type StandingCode, type StandingQuestion, type StoredFile, standings } from './standing.ts';

export { bytesNeeded, DEFAULT_RETENTION, type RetentionRules } from './retention-rules.ts';

/** The last run of this database, as the store knows it. */
export interface LastRun {
	/** The id of its backup. */
	id: string;
	/** Null while it runs. */
	outcome: 'complete' | 'incomplete' | 'failed' | 'cancelled' | 'interrupted' | null;
}

/**
 * Why nothing is removed at all.
 * - `noRun`: the hub knows of no run, as after its store was lost.
 * - `running`: one is going on.
 * - `runFailed`: the last one brought no backup.
 * - `runNotFound`: its backup does not lie in the folder, or not as it was signed.
 * - `runDoesNotCount`: its backup is not complete; only other incomplete ones may go.
 */
export type RetentionHold = 'noRun' | 'running' | 'runFailed' | 'runNotFound' | 'runDoesNotCount';

export type RetentionReason =
	/** It is the newest of that day, week or month. */
	| { code: 'daily' | 'weekly' | 'monthly'; period: string }
	/** It is one of the newest, which always stay. */
	| { code: 'floor'; floor: number }
	/** A person marked it. */
	| { code: 'mark'; note: string }
	/** Newer ones serve every rule; the day it was of. */
	| { code: 'superseded'; period: string }
	/** Its upload was found wrong, and no record says otherwise. */
	| { code: 'rejected' }
	/** The same bytes lie here once more, older. */
	| { code: 'duplicate' }
	/** The backup that this record belongs to is gone. */
	| { code: 'orphanRecord' }
	/** Goes or stays with its backup. */
	| { code: 'record' }
	/** It would go, but nothing may now. */
	| { code: 'held'; hold: RetentionHold }
	/** It is not this rule's to judge. */
	| { code: 'untouched'; standing: StandingCode };

export interface RetentionDecision {
	/** The file's id and name in Drive. */
	id: string;
	name: string;
	size: number;
	createdTime: string;
	/** `leave`: it neither counts nor goes; a person may want to look at it. */
	action: 'keep' | 'trash' | 'leave';
	reasons: RetentionReason[];
	/** Of a record: ids of the backups that it belongs to, as Drive names them. */
	backups?: string[];
}

type Verdict = Pick<RetentionDecision, 'action' | 'reasons' | 'backups'>;

export interface RetentionPlan {
	/** One a file, newest first. */
	decisions: RetentionDecision[];
	/** Ids to be trashed, in this order: a backup before its record, so that a cut never leaves one without the other's proof. */
	trash: string[];
	/** Null when the rules were applied. */
	hold: RetentionHold | null;
	/** Backups that count, now and after the plan. */
	counting: number;
	remaining: number;
}

export interface RetentionQuestion extends StandingQuestion {
	rules: RetentionRules;
	lastRun: LastRun | null;
}

/** An orphaned record is removed when a backup has arrived this much later, in ms: until then its backup may be on its way. */
const ORPHAN_MS = 15 * 86_400_000;

/**
 * Says of each file what becomes of it and why. Nothing is changed; a dry run shows this, a real one trashes `trash`.
 * @throws HubError `CONFIG_INVALID`
 */
export function planRetention(question: RetentionQuestion): RetentionPlan {
	const { rules, lastRun } = question;
	checkRules(rules);
	const periodsOf = calendar(rules.timeZone);
	const all = standings(question);
	const hold = holdOf(all, lastRun);
	const counting = all.filter(({ code }) => code === 'counts');
	// A series of its own: an incomplete backup never takes the place of a complete one.
	const partial = all.filter(({ code }) => code === 'incomplete' || code === 'databaseOnly');
	const reasons = new Map<Standing, RetentionReason[]>([
		...series(counting, rules, periodsOf),
		...series(partial, rules, periodsOf),
	]);
	const actions = new Map<string, Verdict>();
	for (const standing of all) {
		if (standing.code === 'record') continue;
		const verdict = verdictOf(standing, reasons.get(standing));
		const held = verdict.action === 'trash' && hold && !(hold === 'runDoesNotCount' && partial.includes(standing));
		actions.set(
			standing.file.id,
			held ? { action: 'keep', reasons: [...verdict.reasons, { code: 'held', hold }] } : verdict,
		);
	}
	const backupsOf = backupsByRecord(all);
	for (const { code, file, createdAt } of all) {
		if (code !== 'record') continue;
		const backups = [...new Set(backupsOf(file).map((backup) => backup.file.id))];
		const its = backups.map((id) => actions.get(id)?.action ?? 'leave');
		actions.set(file.id, { ...recordVerdict(createdAt, its, hold ? undefined : counting[0]), backups });
	}
	const decisions = all.map(({ file }) => ({
		id: file.id,
		name: file.name,
		size: file.size,
		createdTime: file.createdTime,
		// Every file got one above.
		...(actions.get(file.id) ?? { action: 'leave' as const, reasons: [] }),
	}));
	const gone = decisions.filter(({ action }) => action === 'trash');
	const isRecord = new Set(all.filter(({ code }) => code === 'record').map(({ file }) => file.id));
	return {
		decisions,
		trash: [...gone.filter(({ id }) => !isRecord.has(id)), ...gone.filter(({ id }) => isRecord.has(id))].map(
			({ id }) => id,
		),
		hold,
		counting: counting.length,
		remaining: counting.filter(({ file }) => actions.get(file.id)?.action === 'keep').length,
	};
}

function holdOf(all: readonly Standing[], lastRun: LastRun | null): RetentionHold | null {
	if (!lastRun) return 'noRun';
	if (lastRun.outcome === null) return 'running';
	if (lastRun.outcome !== 'complete' && lastRun.outcome !== 'incomplete') return 'runFailed';
	const its = all.find(({ code, signed }) => signed?.id === lastRun.id && code !== 'rejected' && code !== 'duplicate');
	if (!its) return 'runNotFound';
	return its.code === 'counts' ? null : 'runDoesNotCount';
}

/** Why each of a series stays; those without a reason may go. @param newestFirst by Drive's time */
function series(
	newestFirst: readonly Standing[],
	rules: RetentionRules,
	periodsOf: (time: number) => Periods,
): Map<Standing, RetentionReason[]> {
	const reasons = new Map<Standing, RetentionReason[]>();
	const seen = { daily: new Set<string>(), weekly: new Set<string>(), monthly: new Set<string>() };
	for (const [index, standing] of newestFirst.entries()) {
		const periods = periodsOf(standing.createdAt);
		const why: RetentionReason[] = [];
		for (const [code, period] of [
			['daily', periods.day],
			['weekly', periods.week],
			['monthly', periods.month],
		] as const) {
			if (seen[code].has(period) || seen[code].size >= rules[code]) continue;
			seen[code].add(period);
			why.push({ code, period });
		}
		if (index < rules.floor) why.push({ code: 'floor', floor: rules.floor });
		if (isMarked(standing)) why.push({ code: 'mark', note: standing.file.description });
		if (why.length === 0) why.push({ code: 'superseded', period: periods.day });
		reasons.set(standing, why);
	}
	return reasons;
}

const isMarked = ({ file }: Standing) => isKept(file);

function verdictOf(standing: Standing, reasons: RetentionReason[] | undefined): Verdict {
	const { code, file, signed } = standing;
	if (reasons) {
		return { action: reasons.some((reason) => reason.code === 'superseded') ? 'trash' : 'keep', reasons };
	}
	if (isMarked(standing) && code !== 'trashed') {
		return { action: 'leave', reasons: [{ code: 'mark', note: file.description }] };
	}
	// One that is what its record says was not wrong: whoever rejected it may have wanted it removed.
	if (code === 'rejected' && !signed) return { action: 'trash', reasons: [{ code: 'rejected' }] };
	if (code === 'duplicate') return { action: 'trash', reasons: [{ code: 'duplicate' }] };
	return { action: 'leave', reasons: [{ code: 'untouched', standing: code }] };
}

/** The backups that a record's file may belong to: by what it says, and by the property that its uploader set. */
function backupsByRecord(all: readonly Standing[]): (record: StoredFile) => Standing[] {
	// In the bin a backup is gone: a record that still lies in the folder follows it.
	const there = all.filter(({ code }) => code !== 'record' && code !== 'trashed');
	const byRecord = Map.groupBy(there, ({ record }) => record?.id);
	const byBackup = Map.groupBy(there, ({ file }) => file.appProperties['backup']);
	return ({ id, appProperties }) => [
		...(byRecord.get(id) ?? []),
		...(appProperties['backup'] === undefined ? [] : (byBackup.get(appProperties['backup']) ?? [])),
	];
}

/** @param newest the newest backup that counts; undefined when nothing may be removed */
function recordVerdict(
	createdAt: number,
	actions: readonly RetentionDecision['action'][],
	newest: Standing | undefined,
): Verdict {
	for (const action of ['keep', 'leave', 'trash'] as const) {
		if (actions.includes(action)) return { action, reasons: [{ code: 'record' }] };
	}
	return newest && createdAt < newest.createdAt - ORPHAN_MS
		? { action: 'trash', reasons: [{ code: 'orphanRecord' }] }
		: { action: 'leave', reasons: [{ code: 'untouched', standing: 'record' }] };
}
