import type { RequestFailure } from './request.ts';
import { sharedText } from './words.ts';

/** Failures whose words say all; what the hub adds is English whatever the reader speaks. */
const ENOUGH: ReadonlySet<string> = new Set([
	...['SECRET_RETYPE', 'NOT_FOUND', 'FORBIDDEN', 'CANCELLED', 'TIMEOUT', 'RESTORE_UNCONFIRMED'],
	...['PLAN_STALE', 'IDENTITY_GAIN', 'IDENTITY_BUSY'],
]);

/** A failed request for a person: the failure in this browser's language, then what the hub says about it. */
export function failureText(failure: RequestFailure): string {
	if (failure.status === 401) return sharedText('panel.signIn');
	if (!failure.code) return sharedText('test.unreachable');
	const words = sharedText(`error.${failure.code}`);
	return ENOUGH.has(failure.code) || !failure.message ? words : `${words}. ${failure.message}`;
}
