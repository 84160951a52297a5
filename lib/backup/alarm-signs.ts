/** Signs of life for backups and for drills, each to a watcher outside that alarms when its sign stays away. */

import { HubError, toHubError } from '../errors.ts';
import { exchange } from '../http.ts';
import type { FindingCode } from './alarm.ts';

export interface SignAddresses {
	/** Called as long as each database has a young backup that counts. */
	backup?: string | undefined;
	/** Called as long as the last drill of each database passed, and is young. */
	drill?: string | undefined;
}

/**
 * - `none`: no address. `told`: the watcher took it. `silent`: there is something to be alarmed about.
 * - `failed`: the watcher could not be told.
 */
export type Sign = 'none' | 'told' | 'silent' | 'failed';

/** For one sign, in ms. */
const TIMEOUT_MS = 10_000;

/** Where nothing is known, nothing is said: the watcher then alarms, too. */
const SILENCES: Record<keyof SignAddresses, ReadonlySet<FindingCode>> = {
	backup: new Set(['cannotAsk', 'noDatabase', 'noBackup', 'tooOld', 'fromTheFuture']),
	drill: new Set(['cannotAsk', 'noDatabase', 'noDrill', 'drillFailed', 'drillTooOld', 'drillFromTheFuture']),
};

/** @throws HubError CANCELLED */
export async function giveSigns(
	addresses: SignAddresses,
	findings: readonly { code: FindingCode }[],
	signal: AbortSignal,
): Promise<{ backup: Sign; drill: Sign; failure: string | undefined }> {
	const failures: string[] = [];
	const give = async (kind: keyof SignAddresses): Promise<Sign> => {
		const url = addresses[kind];
		if (url === undefined) return 'none';
		if (findings.some(({ code }) => SILENCES[kind].has(code))) return 'silent';
		try {
			const { status } = await exchange({ method: 'GET', url, timeoutMs: TIMEOUT_MS, signal });
			if (status >= 200 && status < 300) return 'told';
			failures.push(`The watcher of ${kind}s answers HTTP ${status}.`);
		} catch (thrown) {
			if (signal.aborted) throw new HubError('CANCELLED', 'Cancelled.', { cause: thrown });
			failures.push(`The watcher of ${kind}s cannot be told: ${toHubError(thrown).message}`);
		}
		return 'failed';
	};
	const [backup, drill] = [await give('backup'), await give('drill')];
	return { backup, drill, failure: failures.length > 0 ? failures.join(' ') : undefined };
}
