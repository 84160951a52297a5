/** What a message at the input asks for, by its topic. None approves anything. */

import { HubError } from '../../lib/errors.ts';
import type { FollowerState } from '../../lib/identity/follower-state.ts';
import type { RunMode } from '../../lib/identity/report.ts';
import { heldTold } from '../../lib/identity/told.ts';

export type Command = { kind: 'run'; mode: RunMode; dryRun: boolean } | { kind: 'cancel' } | { kind: 'state' };

/** Schedules send no topic. */
const RUN: readonly unknown[] = [undefined, '', 'run'];

/**
 * @param own the node's mode
 * @throws HubError CONFIG_INVALID
 */
export function commandOf(topic: unknown, own: RunMode): Command {
	if (RUN.includes(topic)) return { kind: 'run', mode: own, dryRun: false };
	if (topic === 'changes' || topic === 'everything') return { kind: 'run', mode: topic, dryRun: false };
	if (topic === 'dry-run') return { kind: 'run', mode: 'everything', dryRun: true };
	if (topic === 'cancel' || topic === 'state') return { kind: topic };
	throw new HubError(
		'CONFIG_INVALID',
		'msg.topic must be run (or empty), changes, everything, dry-run, cancel or state. Plans are decided on by a person, ' +
			'in the sidebar or by clinic-hub.',
	);
}

/** How it is now: nothing is asked of Keycloak or Odoo. */
export function stateTold({ working, trouble, held, last, elsewhere }: FollowerState): Record<string, unknown> {
	const iso = (time: number) => new Date(time).toISOString();
	return {
		...{ working, elsewhere, held: held && heldTold(held) },
		trouble: trouble && { code: trouble.error.code, text: trouble.error.message, since: iso(trouble.since) },
		last: last && { ...last, at: iso(last.at) },
	};
}
