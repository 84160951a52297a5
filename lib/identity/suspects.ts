/** Events only say whom to look at; what is done is decided on what is read then. Pure. */
import type { EventSubject, SourceEvent, SourceEvents } from './model.ts';

/** Events are read again this far back: some become visible after later ones. In ms. */
export const OVERLAP_MS = 5 * 60_000;

/** Above it the two clocks differ enough for a person to be told, in ms. */
export const SKEW_MS = 10_000;

/** Where the reading of events stands. */
export interface Cursor {
	/** Everything up to here was read, in Keycloak's time, ms. */
	at: number;
	/** Time of the newest event ever seen, ms; null before the first. */
	newest: number | null;
}

export interface Suspects {
	/** Not seen before, the oldest first. */
	fresh: SourceEvent[];
	subjects: EventSubject[];
	/** Null while nothing is recorded: everything is read once when it is recorded again. */
	cursor: Cursor | null;
	/** Why everything must be read in place of the suspects; null when the events are whole. */
	full: 'noEvents' | 'firstRun' | 'purged' | 'realm' | null;
	/** Keycloak's clock less ours, ms. */
	skewMs: number;
}

/**
 * From when on events are asked for, ms: with the overlap, and so far back that the newest one known must be among them.
 * Before the first run nothing that happened earlier matters: everybody is read.
 */
export function eventsFrom(cursor: Cursor | null, now: number): number {
	if (cursor === null) return now - OVERLAP_MS;
	return Math.min(cursor.at - OVERLAP_MS, cursor.newest ?? cursor.at);
}

/**
 * @param seen keys of events that were dealt with
 * @param now this machine's clock, ms
 */
export function findSuspects(
	answer: SourceEvents,
	cursor: Cursor | null,
	seen: ReadonlySet<string>,
	now: number,
): Suspects {
	const from = cursor === null ? Number.NEGATIVE_INFINITY : cursor.at - OVERLAP_MS;
	const unseen = answer.events.filter(({ key, at }) => at >= from && !seen.has(key));
	const byKey = new Map(unseen.map((event) => [event.key, event]));
	const fresh = [...byKey.values()].sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
	const subjects = [...new Map(fresh.map(({ subject }) => [JSON.stringify(subject), subject])).values()];
	const full = fullReason(answer, cursor, subjects);
	// What was removed is missed once only: everything is read then, and counting begins anew.
	const known = full === 'purged' ? null : (cursor?.newest ?? null);
	const newest = answer.events.reduce((latest, { at }) => Math.max(latest, at), known ?? Number.NEGATIVE_INFINITY);
	return {
		fresh,
		subjects,
		// Not the newest event: in a quiet week that one would expire, and look as if events had been removed.
		cursor: answer.recording
			? { at: Math.max(cursor?.at ?? 0, answer.serverTime), newest: Number.isFinite(newest) ? newest : null }
			: null,
		full,
		skewMs: answer.serverTime - now,
	};
}

function fullReason(answer: SourceEvents, cursor: Cursor | null, subjects: readonly EventSubject[]): Suspects['full'] {
	if (!answer.recording) return 'noEvents';
	if (cursor === null) return 'firstRun';
	if (wasPurged(answer, cursor)) return 'purged';
	return subjects.some(({ type }) => type === 'realm') ? 'realm' : null;
}

/** Whether something may have been removed that was never read. */
function wasPurged({ events, retentionMs, serverTime }: SourceEvents, { at, newest }: Cursor): boolean {
	// Away for longer than Keycloak keeps events: what happened in between is gone.
	if (retentionMs !== null && serverTime - at > retentionMs) return true;
	// It was asked for again, see `eventsFrom`.
	if (newest === null || events.some((event) => event.at === newest)) return false;
	// By its age; or it was removed, or Keycloak was restored from an earlier copy.
	return retentionMs === null || serverTime - newest < retentionMs;
}
