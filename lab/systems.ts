/** The systems of the clinic, in the order in which the closing table shows them. */
import type { System } from './system.ts';
import { alarms } from './systems/alarms.ts';
import { drive } from './systems/drive.ts';
import { inbox } from './systems/inbox.ts';
import { keycloak } from './systems/keycloak.ts';
import { nodeRed } from './systems/node-red.ts';
import { odoo } from './systems/odoo.ts';
import { odooDrill } from './systems/odoo-drill.ts';
import { odooStandIn } from './systems/odoo-stand-in.ts';
import { postgresql } from './systems/postgresql.ts';
import { rabbitmq } from './systems/rabbitmq.ts';

/** Every system of this machine's clinic. ODOO_SRC (a directory of Odoo 18's source) decides which Odoo it is. */
export function allSystems(env: NodeJS.ProcessEnv = process.env): System[] {
	const source = env.ODOO_SRC;
	// With its database manager, by which the ready flow makes backups.
	const odoos = source
		? [odoo({ source, manager: true, modules: ['clinic_sso'], follows: true }), postgresql()]
		: [odooStandIn({ follows: true }), odooDrill()];
	return [...odoos, keycloak(), inbox(), drive(), nodeRed(), alarms(), rabbitmq()];
}

/** Those named, and what they need, in the order of `systems`; all when none is named. */
export function chosenSystems(systems: readonly System[], only: readonly string[]): System[] {
	if (only.length === 0) return [...systems];
	const chosen = new Set<string>();
	const add = (name: string): void => {
		if (chosen.has(name)) return;
		chosen.add(name);
		for (const need of systems.find((system) => system.name === name)?.needs ?? []) add(need);
	};
	for (const name of only) add(name);
	return systems.filter(({ name }) => chosen.has(name));
}
