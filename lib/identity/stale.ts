/** Whether what was planned is still true: when a person approves it, and again before somebody loses access. */
import { HubError } from '../errors.ts';
import { lineDigest } from './digest.ts';
import type { HeldPlan } from './held-plans.ts';
import type { IdentitySource, Line, Plan } from './model.ts';
import { readPerson } from './person.ts';
import type { IdentitySettings } from './rules.ts';
import { inScope } from './scope.ts';

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

/** Whether the reason for which somebody loses access still stands. @throws HubError as the source */
export async function isStillTrue(
	{ subject, why }: Line,
	source: IdentitySource,
	{ scope }: IdentitySettings,
	signal?: AbortSignal,
): Promise<boolean> {
	const found = await source.find(subject, signal);
	if (why === 'deleted' || why === 'missing') return found === null;
	const person = readPerson(found);
	if (why === 'disabled') return person?.enabled === false;
	return person?.enabled === true && inScope(person, scope) === false;
}
