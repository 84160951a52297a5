/**
 * Whether the clinic could be brought back, asked of Drive and of the drills and not of what the backup said of itself.
 * A pure function; texts are the node's, and that the same is not told twice is the notices' work.
 */

import { daysUntil, KEY_WARN_DAYS } from '../odoo/api-key.ts';
import type { BackupEvidence } from './evidence.ts';
import { KEY_CHECK_DAYS, proofDue } from './key-proof.ts';
import type { Standing, StandingCode } from './standing.ts';

export interface AlarmRules {
	/** The newest backup that counts may be this old, in hours. */
	maxAgeHours: number;
	/** The last drill that passed may be this old, in days. */
	maxDrillDays: number;
	/** Days after which somebody should prove the recovery key again. */
	keyCheckDays: number;
}

/** A backup a day with two hours of delay; a drill a week with a day of it; the key twice a year. */
export const DEFAULT_ALARM: AlarmRules = { maxAgeHours: 26, maxDrillDays: 8, keyCheckDays: KEY_CHECK_DAYS };

/** What was found out about one database. Times in milliseconds since 1970. */
export interface DatabaseState {
	database: string;
	/** By Drive's clock; null when no backup counts; undefined when Drive could not be asked. */
	newestCounting?: { createdAt: number } | null;
	/** Newer backups that do not count, by why, as `standings` says it. */
	newerNotCounting?: Readonly<Record<string, number>>;
	/** Undefined when none was ever made. */
	lastDrill?: { finishedAt: number; passed: boolean } | undefined;
	lastPassedDrill?: { finishedAt: number } | undefined;
}

/** How signing in to a database of Odoo went. */
export interface LoginState {
	database: string;
	user: string;
	/** Odoo took login and key. */
	accepted: boolean;
	/** When the first of the user's keys ends, ms since 1970; undefined when none does. */
	firstEnd?: number | undefined;
}

export interface AlarmQuestion {
	/** Drive's, from its last answer, where it could be asked; else this machine's. */
	now: number;
	/** This machine's clock, to be compared. */
	localNow: number;
	databases: readonly DatabaseState[];
	/** Why Drive could not be asked: a code of `HubError` and its text. */
	cannotAsk?: { code: string; text: string } | undefined;
	/** Bytes; undefined where Drive does not tell. `needed`: by the retention plan and the newest backup, what there is not included. */
	space?: { free: number; newestSize: number; needed: number } | undefined;
	/** Undefined when the recovery key was never proven; null where backups are not encrypted. */
	lastKeyCheck?: number | undefined | null;
	/** Of the API keys by which the hub signs in to Odoo; absent where it does not, or could not be asked. */
	logins?: readonly LoginState[];
	rules: AlarmRules;
}

export type FindingCode =
	/** Drive could not be asked, so nothing is known. */
	| 'cannotAsk'
	/** No database is looked after. */
	| 'noDatabase'
	/** No backup counts. */
	| 'noBackup'
	/** The newest one that counts is too old. */
	| 'tooOld'
	/** It is dated after now: a clock or a file is wrong. */
	| 'fromTheFuture'
	/** Newer ones lie there that do not count. */
	| 'doNotCount'
	/** The last drill failed. */
	| 'drillFailed'
	/** None was ever made. */
	| 'noDrill'
	/** The last one that passed is too old. */
	| 'drillTooOld'
	/** It is dated after now. */
	| 'drillFromTheFuture'
	/** Less room than the next backup needs. */
	| 'full'
	/** Less room than the retention plan needs. */
	| 'nearlyFull'
	/** Nobody ever proved the recovery key. */
	| 'keyUnproven'
	/** The last proof is too old. */
	| 'keyCheckDue'
	/** It is dated after now. */
	| 'keyCheckFromTheFuture'
	/** This machine's clock and Drive's differ. */
	| 'clockDiffers'
	/** Odoo refuses the login or its key. */
	| 'loginRefused'
	/** An API key of the login ends soon. */
	| 'apiKeyEnds';

export interface Finding {
	code: FindingCode;
	severity: 'info' | 'warning' | 'critical';
	/** The database that it is about; absent for the whole. */
	database?: string;
	/** For the text: numbers are rounded as a person reads them. */
	parameters: Record<string, string | number>;
}

/** Files that say nothing about why there is no newer backup that counts: they are of others, or on their way. */
const BESIDE: ReadonlySet<StandingCode> = new Set([
	'foreign',
	'otherDatabase',
	'record',
	'trashed',
	'duplicate',
	'databaseOnly',
	'unverified',
]);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Above it backups are dated so wrong that they soon no longer count (see `standing.ts`), in ms. */
const CLOCK_MS = 10 * 60_000;

/** A backup this far ahead of now is no matter of two clocks, in ms. */
const FUTURE_MS = HOUR_MS;

/**
 * What the folder and the store say of one database.
 * @param standings as `standings` gives them, newest first
 */
export function databaseState(
	database: string,
	standings: readonly Standing[],
	drills: Awaited<ReturnType<BackupEvidence['drills']>>,
): DatabaseState {
	const newest = standings.find(({ code }) => code === 'counts');
	const newer = standings.filter(({ code, createdAt }) => !BESIDE.has(code) && createdAt > (newest?.createdAt ?? 0));
	const counts = Object.entries(Object.groupBy(newer, ({ code }) => code)).map(([code, those]) => [code, those.length]);
	return {
		database,
		newestCounting: newest ? { createdAt: newest.createdAt } : null,
		newerNotCounting: Object.fromEntries(counts) as Record<string, number>,
		lastDrill: drills.last,
		lastPassedDrill: drills.lastPassed,
	};
}

/** Findings, the most severe first; empty when the clinic could be brought back. */
export function evaluateAlarm(question: AlarmQuestion): Finding[] {
	const { databases, cannotAsk } = question;
	const findings: Finding[] = [];
	if (cannotAsk) findings.push({ code: 'cannotAsk', severity: 'critical', parameters: { ...cannotAsk } });
	else if (databases.length === 0) findings.push({ code: 'noDatabase', severity: 'critical', parameters: {} });
	for (const state of databases) {
		if (!cannotAsk) findings.push(...ageFindings(state, question));
		findings.push(...drillFindings(state, question));
	}
	findings.push(...spaceFindings(question), ...keyFindings(question), ...loginFindings(question));
	if (!cannotAsk) findings.push(...clockFindings(question));
	const order = ['critical', 'warning', 'info'];
	return findings.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}

function ageFindings(state: DatabaseState, { now, rules }: AlarmQuestion): Finding[] {
	const { database, newestCounting, newerNotCounting = {} } = state;
	const others = Object.entries(newerNotCounting).filter(([, count]) => count > 0);
	// Why there is no newer one that counts is half of what to do about it.
	const doNotCount: Finding[] = others.map(([standing, count]) => ({
		code: 'doNotCount',
		severity: 'warning',
		database,
		parameters: { standing, count },
	}));
	if (!newestCounting) return [{ code: 'noBackup', severity: 'critical', database, parameters: {} }, ...doNotCount];
	const age = now - newestCounting.createdAt;
	// Written so that an age that is no number alarms, too.
	if (!(age <= rules.maxAgeHours * HOUR_MS)) {
		const parameters = { hours: Math.floor(age / HOUR_MS), limit: rules.maxAgeHours };
		return [{ code: 'tooOld', severity: 'critical', database, parameters }, ...doNotCount];
	}
	if (age < -FUTURE_MS) {
		const parameters = { hours: Math.ceil(-age / HOUR_MS) };
		return [{ code: 'fromTheFuture', severity: 'critical', database, parameters }, ...doNotCount];
	}
	return doNotCount;
}

function drillFindings(state: DatabaseState, { localNow, rules }: AlarmQuestion): Finding[] {
	const { database, lastDrill, lastPassedDrill } = state;
	if (!lastDrill) return [{ code: 'noDrill', severity: 'warning', database, parameters: {} }];
	const daysSince = (time: number) => (localNow - time) / DAY_MS;
	if (!lastDrill.passed) {
		const parameters = { days: Math.max(0, Math.floor(daysSince(lastDrill.finishedAt))) };
		return [{ code: 'drillFailed', severity: 'critical', database, parameters }];
	}
	const days = daysSince(lastPassedDrill?.finishedAt ?? Number.NaN);
	// As with the age: one from the future proves nothing, for it would never grow old.
	if (days < -FUTURE_MS / DAY_MS) {
		return [{ code: 'drillFromTheFuture', severity: 'critical', database, parameters: { days: Math.ceil(-days) } }];
	}
	if (days <= rules.maxDrillDays) return [];
	const parameters = { days: Math.floor(days), limit: rules.maxDrillDays };
	return [{ code: 'drillTooOld', severity: 'critical', database, parameters }];
}

function spaceFindings({ space }: AlarmQuestion): Finding[] {
	if (!space) return [];
	const parameters = { free: space.free, needed: space.needed, newest: space.newestSize };
	if (space.free < space.newestSize) return [{ code: 'full', severity: 'critical', parameters }];
	return space.free < space.needed ? [{ code: 'nearlyFull', severity: 'warning', parameters }] : [];
}

function keyFindings({ lastKeyCheck, localNow, rules }: AlarmQuestion): Finding[] {
	if (lastKeyCheck === null) return [];
	if (lastKeyCheck === undefined) return [{ code: 'keyUnproven', severity: 'critical', parameters: {} }];
	const days = proofDue({ checkedAt: lastKeyCheck }, localNow, rules.keyCheckDays);
	if (days === null) return [];
	if (days < 0) return [{ code: 'keyCheckFromTheFuture', severity: 'warning', parameters: { days: -days } }];
	return [{ code: 'keyCheckDue', severity: 'warning', parameters: { days, limit: rules.keyCheckDays } }];
}

function loginFindings({ logins = [], localNow }: AlarmQuestion): Finding[] {
	return logins.flatMap(({ database, user, accepted, firstEnd }): Finding[] => {
		if (!accepted) return [{ code: 'loginRefused', severity: 'warning', database, parameters: { user } }];
		const days = firstEnd === undefined ? Number.POSITIVE_INFINITY : daysUntil(firstEnd, localNow);
		if (firstEnd === undefined || days >= KEY_WARN_DAYS) return [];
		const date = new Date(firstEnd).toISOString().slice(0, 10);
		return [{ code: 'apiKeyEnds', severity: 'warning', database, parameters: { user, days, date } }];
	});
}

function clockFindings({ now, localNow }: AlarmQuestion): Finding[] {
	const ahead = localNow - now;
	if (Math.abs(ahead) <= CLOCK_MS) return [];
	return [{ code: 'clockDiffers', severity: 'warning', parameters: { minutes: Math.round(ahead / 60_000) } }];
}
