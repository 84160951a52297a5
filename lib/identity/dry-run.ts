/** What rules would do, without a node that runs. Changes nothing. */
import type { Store } from '../store/store.ts';
import { inTurn } from './in-turn.ts';
import type { IdentitySource, IdentityTarget } from './model.ts';
import type { RunReport } from './report.ts';
import { pairOf, type Setup } from './setups.ts';
import { IdentitySync } from './sync.ts';

export interface DryRunOptions {
	source: IdentitySource;
	target: IdentityTarget;
	setup: Setup;
	store: Store;
	owner: string;
}

/** @throws HubError as `IdentitySync.run` */
export async function dryRun({ setup, ...options }: DryRunOptions, signal?: AbortSignal): Promise<RunReport> {
	const sync = await IdentitySync.open({ ...options, settings: setup.settings, pair: pairOf(setup) });
	return inTurn(() => sync.run('everything', { dryRun: true, signal }));
}
