/** Bounds on waiting. */
import { HubError } from '../errors.ts';

export interface DeadlineOptions {
	timeoutMs: number;
	signal?: AbortSignal | undefined;
	/** Message of the TIMEOUT, asked for when it comes to that. */
	text: () => string;
}

/**
 * Settles as `work` does, or rejects with TIMEOUT or CANCELLED before. What `work` does later is ignored, so whoever
 * started it must end it.
 */
export function withDeadline<T>(work: Promise<T>, { timeoutMs, signal, text }: DeadlineOptions): Promise<T> {
	return new Promise((resolve, reject) => {
		const done = () => {
			clearTimeout(timer);
			signal?.removeEventListener('abort', cancel);
		};
		const cancel = () => {
			done();
			reject(cancelled(signal?.reason));
		};
		const timer = setTimeout(() => {
			done();
			reject(new HubError('TIMEOUT', text()));
		}, timeoutMs);
		work.then(resolve, reject).finally(done);
		if (signal?.aborted) cancel();
		else signal?.addEventListener('abort', cancel, { once: true });
	});
}

function cancelled(reason: unknown): HubError {
	return reason instanceof HubError ? reason : new HubError('CANCELLED', 'Cancelled', { cause: reason });
}

/** Waits for `work` at most so long and tells whether it ended by then; never rejects. */
export function settledWithin(work: Promise<unknown>, timeoutMs: number): Promise<boolean> {
	return withDeadline(
		work.then(
			() => true,
			() => true, // how it ended is the business of whoever started it
		),
		{ timeoutMs, text: () => '' },
	).catch(() => false);
}
