/** Stands in for Odoo where ODOO_SRC names no source of it: purchases that are confirmed and published as the addon does. */
import path from 'node:path';
import { DATABASE } from '../odoo/database.ts';
import { PYTHON } from '../odoo/source.ts';
import type { LabProcess, System } from '../system.ts';
import { brokerOfLab, followLabKeycloak, odooUrl, odooVariables, syncVariables } from './odoo.ts';

/** It listens within a second; in ms. */
const START_TIMEOUT_MS = 30_000;

/** A system of its own for each lab, because it remembers its process. */
export function odooStandIn(options: { broker?: Record<string, string>; follows?: boolean } = {}): System {
	let running: LabProcess | undefined;
	return {
		name: 'odoo',
		needs: ['rabbitmq'],
		ports: { web: 8069 },
		packages: ['python3', 'python3-pika'],
		commands: [PYTHON],
		modules: ['pika'],
		async ensure() {},
		async start(context) {
			const main = path.join(context.root, 'lab/odoo/stand-in/main.ts');
			const { listen, port } = context.endpoint('odoo', 'web');
			running = await context.run({
				command: process.execPath,
				args: [main, listen, String(port), context.directory, odooUrl(context), DATABASE],
				env: { ...(options.broker ?? brokerOfLab(context)), ODOO_MASTER_PASSWORD: context.secret('odoo.master') },
			});
		},
		async ready(context) {
			const health = `${context.endpoint('odoo', 'web').url}/web/health`;
			await context.until(
				{ en: 'The stand-in of Odoo answering', es: 'Que el sustituto de Odoo responda' },
				async (signal) => (await fetch(health, { signal })).ok,
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
			if (options.follows) await followLabKeycloak(context);
		},
		async stop() {
			await running?.stop();
			running = undefined;
		},
		variables: (context) => ({
			...odooVariables(context),
			...(options.follows ? syncVariables(context) : {}),
			ODOO_MASTER_PASSWORD: context.secret('odoo.master'),
		}),
		addresses: (context) => [
			{
				what: { en: 'Odoo (a stand-in, not Odoo itself)', es: 'Odoo (un sustituto, no el verdadero)' },
				url: `${odooUrl(context)}/web?debug=1`,
				hint: { en: 'Confirm a purchase', es: 'Confirme una compra' },
			},
		],
	};
}
