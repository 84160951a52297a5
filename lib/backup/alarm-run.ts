/** Puts the question of the alarm: to Drive, to the store, to Odoo about its login. Nothing that a backup said of itself. */

import { driveState } from '../drive/account-state.ts';
import type { DriveClient } from '../drive/client.ts';
import type { DriveFile } from '../drive/file.ts';
import { findFiles } from '../drive/files.ts';
import { HubError, toHubError } from '../errors.ts';
import type { Store } from '../store/store.ts';
import {
	type AlarmQuestion,
	type AlarmRules,
	type DatabaseState,
	databaseState,
	evaluateAlarm,
	type Finding,
} from './alarm.ts';
import type { LoginWatch } from './alarm-login.ts';
import { type Catalogue, readCatalogue } from './catalogue.ts';
import { BackupEvidence } from './evidence.ts';
import { databaseOf, type OdooPlace } from './place.ts';
import { BackupRuns, type RunView } from './runs.ts';
import type { Standing } from './standing.ts';

export interface AlarmTools {
	open(signal?: AbortSignal): Promise<{ client: DriveClient; folderId: string }>;
	store(): Promise<Store>;
	/** Unique to the process. */
	owner: string;
	/** Public keys that are believed. */
	verifying: readonly string[];
	/** Public recovery keys; empty where backups are not encrypted. The first one must be proven. */
	recovery: readonly string[];
	/** Whose databases are looked after; undefined: every one that lies in the folder or was ever backed up. */
	place?: Pick<OdooPlace, 'url' | 'databases'> | undefined;
	logins?: LoginWatch | undefined;
	rules: AlarmRules;
	/** Backups of a database that retention leaves at most. */
	kept: number;
	/** Set aside for backups, where Drive does not tell; in bytes. */
	spaceBytes?: number | undefined;
	/** For the whole question, in ms. Default `ASK_MS`. */
	timeoutMs?: number | undefined;
}

export interface AlarmAnswer {
	/** ms since 1970, by this machine. */
	checkedAt: number;
	findings: Finding[];
	databases: DatabaseState[];
	space: AlarmQuestion['space'];
}

/** Failures of Drive are borne for some six minutes; what takes longer than this is no answer. In ms. */
const ASK_MS = 15 * 60_000;

/** What Drive said. */
interface Seen {
	now: number;
	free: number | undefined;
	catalogue: Catalogue;
	/** Own files, those in the trash, too: they take space. */
	lying: DriveFile[];
}

/** Never throws for what Drive, the store or Odoo does: not to know is a finding. @throws HubError CANCELLED */
export async function askAlarm(tools: AlarmTools, stopping: AbortSignal): Promise<AlarmAnswer> {
	const { timeoutMs = ASK_MS } = tools;
	const late = new AbortController();
	const timer = setTimeout(() => late.abort(new HubError('TIMEOUT', lateText(timeoutMs))), timeoutMs);
	const signal = AbortSignal.any([stopping, late.signal]);
	try {
		return await ask(tools, signal, stopping);
	} catch (thrown) {
		if (stopping.aborted) throw thrown;
		// The store: without it neither drills nor proofs are known.
		return unknown(thrown);
	} finally {
		clearTimeout(timer);
	}
}

async function ask(tools: AlarmTools, signal: AbortSignal, stopping: AbortSignal): Promise<AlarmAnswer> {
	const store = await tools.store();
	const evidence = await BackupEvidence.open(store);
	const runs = await (await BackupRuns.open(store, { owner: tools.owner })).list();
	const seen = await see(tools, evidence, signal).catch((thrown: unknown) => {
		const { code, message: text } = toHubError(thrown);
		if (code === 'CANCELLED' || code.startsWith('STORE_')) throw thrown;
		return { cannotAsk: { code, text } };
	});
	const catalogue = 'cannotAsk' in seen ? undefined : seen.catalogue;
	const named = wanted(tools.place, runs, catalogue);
	const databases: DatabaseState[] = [];
	for (const [name, uuid] of named) {
		const standings = catalogue?.databases.get(uuid) ?? [];
		const state = databaseState(name, standings, uuid === '' ? {} : await evidence.drills(uuid));
		const { newestCounting: _, ...unseen } = state;
		databases.push(catalogue ? state : unseen);
	}
	const [recipient] = tools.recovery;
	const check = recipient === undefined ? null : (await evidence.keyCheck(recipient))?.checkedAt;
	const logins = (await tools.logins?.states([...named.keys()], stopping)) ?? [];
	const checkedAt = Date.now();
	const space = 'cannotAsk' in seen ? undefined : spaceOf(seen, tools, [...named.values()]);
	const findings = evaluateAlarm({
		...('cannotAsk' in seen ? { now: checkedAt, cannotAsk: seen.cannotAsk } : { now: seen.now }),
		...{ localNow: checkedAt, databases, space, lastKeyCheck: check, logins, rules: tools.rules },
	});
	return { checkedAt, findings, databases, space };
}

async function see(tools: AlarmTools, evidence: BackupEvidence, signal: AbortSignal): Promise<Seen> {
	const { client, folderId } = await tools.open(signal);
	const { verifying, spaceBytes } = tools;
	const accepted = (uuid: string) => evidence.accepted(uuid);
	const catalogue = await readCatalogue(client, { folderId, verifying, accepted, signal });
	const lying =
		spaceBytes === undefined ? [] : await findFiles(client, { folderId, properties: {}, trashed: true }, signal);
	// Last, so that its clock is the one of now.
	return { ...(await driveState(client, folderId, signal)), catalogue, lying };
}

/**
 * The databases that must have a backup, by name, with their `database.uuid` (empty when nobody knows it). One that was made
 * anew under its old name has another; the last run tells which one is meant.
 */
function wanted(
	place: AlarmTools['place'],
	runs: readonly RunView[],
	catalogue: Catalogue | undefined,
): Map<string, string> {
	const here = runs.filter(({ target }) => !place || databaseOf(place, target) !== undefined);
	const lying = newestOfEachName(catalogue);
	const elsewhere = new Set(runs.filter((run) => !here.includes(run)).map(({ database }) => database));
	const names = place?.databases ?? [
		...here.map(({ database }) => database),
		...[...lying.keys()].filter((name) => !elsewhere.has(name)),
	];
	return new Map(
		[...new Set(names)].sort().map((name) => {
			const run = here.find(({ database, databaseUuid }) => database === name && databaseUuid !== null);
			return [name, run?.databaseUuid ?? lying.get(name) ?? ''];
		}),
	);
}

/** By the newest record that is signed; names that files carry prove nothing. */
function newestOfEachName(catalogue: Catalogue | undefined): Map<string, string> {
	const all: Standing[] = [...(catalogue?.databases.values() ?? [])].flat();
	const names = new Map<string, string>();
	for (const { signed } of all.toSorted((a, b) => b.createdAt - a.createdAt)) {
		if (signed && !names.has(signed.database)) names.set(signed.database, signed.databaseUuid);
	}
	return names;
}

/** Undefined where nobody tells how much there is. */
function spaceOf(
	{ free, catalogue, lying }: Seen,
	{ kept, spaceBytes }: AlarmTools,
	uuids: readonly string[],
): AlarmQuestion['space'] {
	const left = spaceBytes === undefined ? undefined : spaceBytes - sum(lying.map(({ size }) => size));
	if (free === undefined && left === undefined) return undefined;
	const databases = uuids.map((uuid) => {
		const standings = catalogue.databases.get(uuid) ?? [];
		const newest = standings.find(({ signed }) => signed)?.file.size ?? 0;
		const there = sum(standings.map(({ file }) => file.size));
		return { newest, needed: Math.max(newest, kept * newest - there) };
	});
	return {
		free: Math.min(free ?? Number.POSITIVE_INFINITY, left ?? Number.POSITIVE_INFINITY),
		newestSize: sum(databases.map(({ newest }) => newest)),
		needed: sum(databases.map(({ needed }) => needed)),
	};
}

function unknown(thrown: unknown): AlarmAnswer {
	const { code, message: text } = toHubError(thrown);
	const finding: Finding = { code: 'cannotAsk', severity: 'critical', parameters: { code, text } };
	return { checkedAt: Date.now(), findings: [finding], databases: [], space: undefined };
}

const lateText = (timeoutMs: number): string => `There was no answer within ${Math.round(timeoutMs / 1000)} s.`;

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);
