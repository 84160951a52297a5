import type { RequestFailure } from './request.ts';
import { sharedText } from './words.ts';

/** A failed request for a person: the failure in this browser's language, then what the hub says about it. */
export function failureText(failure: RequestFailure): string {
	if (failure.status === 401) return sharedText('panel.signIn');
	if (!failure.code) return sharedText('test.unreachable');
	const words = sharedText(`error.${failure.code}`);
	return failure.code === 'SECRET_RETYPE' || !failure.message ? words : `${words}. ${failure.message}`;
}
