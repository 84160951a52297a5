/** The Odoo that only drills restore to: beside the stand-in a second one, which nobody opens. */
import path from 'node:path';
import { DATABASE } from '../odoo/database.ts';
import { PYTHON } from '../odoo/source.ts';
import type { LabProcess, System } from '../system.ts';

/** It listens within a second; in ms. */
const START_TIMEOUT_MS = 30_000;

const NAME = 'odoo-drill';

/** A system of its own for each lab, because it remembers its process. */
export function odooDrill(): System {
	let running: LabProcess | undefined;
	return {
		name: NAME,
		ports: { web: 8070 },
		// Only the hub needs it.
		loopback: ['web'],
		packages: ['python3', 'python3-pika'],
		commands: [PYTHON],
		modules: ['pika'],
		async ensure() {},
		async start(context) {
			const main = path.join(context.root, 'lab/odoo/stand-in/main.ts');
			const { listen, port, url } = context.endpoint(NAME, 'web');
			running = await context.run({
				command: process.execPath,
				args: [main, listen, String(port), context.directory, url, DATABASE],
				env: { ODOO_MASTER_PASSWORD: context.secret('odoo-drill.master') },
			});
		},
		async ready(context) {
			const health = `${context.endpoint(NAME, 'web').url}/web/health`;
			await context.until(
				{
					en: 'The stand-in of the Odoo for drills answering',
					es: 'Que el sustituto del Odoo de los ensayos responda',
				},
				async (signal) => (await fetch(health, { signal })).ok,
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
		},
		async stop() {
			await running?.stop();
			running = undefined;
		},
		variables: (context) => ({
			ODOO_DRILL_URL: context.endpoint(NAME, 'web').url,
			ODOO_DRILL_MASTER_PASSWORD: context.secret('odoo-drill.master'),
		}),
	};
}
