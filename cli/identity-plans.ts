/** `clinic-hub identity plans`, `approve` and `reject`: what a guard holds, and a person's decision on it. */

import { hostname } from 'node:os';
import { HubError } from '../lib/errors.ts';
import { type HeldPlan, HeldPlans } from '../lib/identity/held-plans.ts';
import { heldTold } from '../lib/identity/told.ts';
import { holdText, lineText } from '../lib/identity/words.ts';
import { storeAudit } from '../lib/store/audit.ts';
import type { Command, Invocation } from './command.ts';
import { EXIT } from './exit.ts';
import { DATABASE, decider, HASH_SHOWN, pairOf, setupOf, showReport, withFollower } from './identity.ts';

export const identityPlans: Command = {
	name: 'identity plans',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'List the changes of users that wait for a decision: who, what, and why.',
		es: 'Listar los cambios de usuarios que esperan una decisión: quién, qué y por qué.',
	},
	options: { database: DATABASE },
	async run(invocation) {
		const { terminal } = invocation;
		const plan = await (await plansOf(invocation)).waiting();
		if (plan) show(plan, invocation);
		else terminal.say({ en: 'Nothing waits for a decision.', es: 'Nada espera una decisión.' });
		terminal.result({ ok: true, plan: plan && heldTold(plan) });
		return plan ? EXIT.decision : EXIT.done;
	},
};

const OPERAND = { operands: 'PLAN', takes: { min: 1, max: 1 } } as const;

export const identityApprove: Command = {
	name: 'identity approve',
	...OPERAND,
	help: {
		en: 'Carry out the plan that waits, named as `plans` shows it. Refused when it has changed, or gives you something.',
		es: 'Llevar a cabo el plan que espera, nombrado como lo muestra `plans`. Se rechaza si cambió o si le da algo a usted.',
	},
	options: { database: DATABASE },
	run: (invocation) =>
		withFollower(invocation, async ({ decisions }) => {
			const plan = named(await decisions.waiting(), invocation);
			return showReport(invocation, await decisions.approve(plan.id, plan.hash, decider()));
		}),
};

export const identityReject: Command = {
	name: 'identity reject',
	...OPERAND,
	help: {
		en: 'Do nothing of the plan that waits; the same does not come again.',
		es: 'No hacer nada del plan que espera; el mismo no vuelve a salir.',
	},
	options: { database: DATABASE },
	async run(invocation) {
		const { environment, terminal } = invocation;
		const audit = storeAudit(() => environment.store());
		const plans = await plansOf(invocation);
		const plan = named(await plans.waiting(), invocation);
		const by = decider();
		await plans.reject(plan.id, plan.hash, by, Date.now());
		const details = { hash: plan.hash, host: hostname() };
		audit.record({ action: 'identity.reject', actor: by.name, subject: plan.id, outcome: 'done', details });
		await audit.close();
		terminal.say({ en: 'The plan was rejected.', es: 'El plan fue rechazado.' });
		terminal.result({ ok: true, plan: plan.hash });
		return EXIT.done;
	},
};

async function plansOf(invocation: Invocation): Promise<HeldPlans> {
	return HeldPlans.open(await invocation.environment.store(), pairOf(await setupOf(invocation)));
}

/** @throws HubError PLAN_STALE when another one waits than was named */
function named(plan: HeldPlan | null, { positionals }: Invocation): HeldPlan {
	const [given = ''] = positionals;
	if (given.length < HASH_SHOWN || !/^[0-9a-f]+$/.test(given)) {
		throw new HubError('CONFIG_INVALID', 'Name the plan as `clinic-hub identity plans` shows it.');
	}
	if (plan?.hash.startsWith(given)) return plan;
	throw new HubError(
		'PLAN_STALE',
		'This plan does not wait (any more), or has changed. Read `clinic-hub identity plans` again, then decide.',
	);
}

function show({ hash, createdAt, lines }: HeldPlan, { terminal }: Invocation): void {
	const { language } = terminal;
	const since = new Date(createdAt).toISOString().slice(0, 16).replace('T', ' ');
	terminal.say({
		en: `Plan ${hash.slice(0, HASH_SHOWN)}, since ${since} UTC:`,
		es: `Plan ${hash.slice(0, HASH_SHOWN)}, desde ${since} UTC:`,
	});
	for (const { line, reasons } of lines) {
		terminal.say(`  ${lineText(line, language)}. ${holdText(reasons, language)}`);
	}
}
