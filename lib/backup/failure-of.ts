/** What a run over several databases failed with, in one error. */

import { HubError } from '../errors.ts';

export interface FailedDatabase {
	database: string;
	error: HubError;
}

/**
 * One failure of one database as it is; otherwise each by its database, with the code of the first.
 * @param failed at least one
 * @param of databases that had their turn
 */
export function failureOf(failed: readonly FailedDatabase[], of: number): HubError {
	const [first] = failed;
	if (!first) return new HubError('INTERNAL', 'A failure without a failure.');
	if (of === 1) return first.error;
	const text = failed.map(({ database, error }) => `${database}: ${error.message}`).join(' ');
	return new HubError(first.error.code, `${failed.length} of ${of} databases: ${text}`, { cause: first.error });
}
