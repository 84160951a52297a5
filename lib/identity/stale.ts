/** Whether what a person approves is still what would be done. */
import { HubError } from '../errors.ts';
import type { HeldPlan } from './held-plans.ts';
import type { Plan } from './model.ts';
import { lineDigest } from './plan.ts';

/** @throws HubError PLAN_STALE when a line of the held plan is not in the one that was just made */
export function requireCurrent(held: HeldPlan, current: Plan): void {
	const digests = new Set(current.lines.map(lineDigest));
	const gone = held.lines.filter(({ line }) => !digests.has(lineDigest(line)));
	if (gone.length === 0) return;
	throw new HubError(
		'PLAN_STALE',
		`${gone.length} of ${held.lines.length} lines of the plan are not true any more: Keycloak or Odoo has changed since. Run ` +
			'the synchronisation again and read the new plan.',
	);
}
