/** `clinic-hub identity run` and `dry-run`: Odoo follows Keycloak now, as the node would let it; or what that would do. */

import { HubError } from '../lib/errors.ts';
import type { Command, Invocation } from './command.ts';
import { DATABASE, decider, showReport, withFollower } from './identity.ts';

export const identityRun: Command = {
	name: 'identity run',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'Let the users of Odoo follow Keycloak now, under the guards of the node.',
		es: 'Hacer que los usuarios de Odoo sigan ahora a Keycloak, con las salvaguardas del nodo.',
	},
	options: {
		changes: {
			type: 'boolean',
			help: { en: 'Only what events tell, not everybody.', es: 'Solo lo que cuentan los eventos, no todos.' },
		},
		database: DATABASE,
	},
	run: (invocation) => run(invocation, false),
};

export const identityDryRun: Command = {
	name: 'identity dry-run',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'Say what that would do. Changes nothing.',
		es: 'Decir qué haría eso. No cambia nada.',
	},
	options: { database: DATABASE },
	run: (invocation) => run(invocation, true),
};

function run(invocation: Invocation, dryRun: boolean) {
	return withFollower(invocation, async (follower) => {
		const mode = invocation.values['changes'] === true ? 'changes' : 'everything';
		const report = await follower.run(mode, { dryRun, actor: decider().name });
		if (!report) throw new HubError('INTERNAL', 'A command runs once.');
		return showReport(invocation, report);
	});
}
