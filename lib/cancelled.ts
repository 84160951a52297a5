/** What a cancelled signal means for whoever waits: one failure, the same everywhere. */
import { HubError } from './errors.ts';

/** @throws HubError CANCELLED, or the HubError that the signal carries */
export function throwIfCancelled(signal: AbortSignal | undefined): void {
	if (signal?.aborted) throw cancelledBy(signal);
}

/** The HubError that the signal carries, or CANCELLED. */
export function cancelledBy(signal: AbortSignal | undefined): HubError {
	const { reason } = (signal ?? {}) as { reason?: unknown };
	return reason instanceof HubError ? reason : new HubError('CANCELLED', 'Cancelled.', { cause: reason });
}
