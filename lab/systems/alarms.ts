/** Plays the clinic's chat or alarm service, so that the hub's notices have a way beside the mail server. */
import path from 'node:path';
import { PATHS } from '../alarms/server.ts';
import type { Address, LabProcess, System } from '../system.ts';

/** It listens within a second; in ms. */
const START_TIMEOUT_MS = 30_000;

/** A system of its own for each lab, because it remembers its process. */
export function alarms(): System {
	let running: LabProcess | undefined;
	return {
		name: 'alarms',
		ports: { web: 1081 },
		// Whoever reaches it can post.
		loopback: ['web'],
		async ensure() {},
		async start(context) {
			const { listen, port } = context.endpoint('alarms', 'web');
			const main = path.join(context.root, 'lab/alarms/main.ts');
			running = await context.run({ command: process.execPath, args: [main, listen, String(port)] });
		},
		async ready(context) {
			const { url } = context.endpoint('alarms', 'web');
			await context.until(
				{ en: 'The page of alarms answering', es: 'Que la página de alarmas responda' },
				async (signal) => (await fetch(url, { signal })).ok,
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
		},
		async stop() {
			await running?.stop();
			running = undefined;
		},
		variables(context) {
			const { url } = context.endpoint('alarms', 'web');
			return {
				HUB_NOTICE_WEBHOOK: `${url}${PATHS.notices}`,
				HUB_HEARTBEAT_URL: `${url}${PATHS.heartbeat}`,
				HUB_HEARTBEAT_MINUTES: '1', // the shortest there is: a person at the demo does not wait for five
			};
		},
		addresses: (context): Address[] => [
			{
				what: { en: "Alarms (the hub's notices by webhook)", es: 'Alarmas (los avisos del hub por webhook)' },
				url: context.endpoint('alarms', 'web').openUrl,
				hint: {
					en: 'Press “Pause” in that flow: the notice appears here, and in the inbox',
					es: 'Pulse «Pausar» en ese flujo: el aviso aparece aquí y en el buzón',
				},
			},
		],
	};
}
