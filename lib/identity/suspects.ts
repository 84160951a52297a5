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
	cursor: Cursor;
	/** Why everything must be read in place of the suspects; null when the events are whole. */
	full: 'noEvents' | 'firstRun' | 'purged' | 'realm' | null;
	/** Keycloak's clock less ours, ms. */
	skewMs: number;
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
	const byKey = new Map(answer.events.filter(({ key }) => !seen.has(key)).map((event) => [event.key, event]));
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
		cursor: { at: Math.max(cursor?.at ?? 0, answer.serverTime), newest: Number.isFinite(newest) ? newest : null },
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
function wasPurged({ events, oldest, retentionMs, serverTime }: SourceEvents, { at, newest }: Cursor): boolean {
	// Away for longer than Keycloak keeps events: what happened in between is gone.
	if (retentionMs !== null && serverTime - at > retentionMs) return true;
	if (newest === null) return false;
	// Read again now, and not there: removed, or Keycloak was restored from an earlier copy.
	if (newest >= at - OVERLAP_MS && events.every((event) => event.at !== newest)) return true;
	if (oldest !== null && oldest <= newest) return false;
	// The newest event that was seen is not there any more. By its age, or was it removed?
	return retentionMs === null || serverTime - newest < retentionMs;
}
