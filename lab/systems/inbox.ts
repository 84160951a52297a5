/** An SMTP server that delivers nothing and shows every mail on a web page (maildev). */
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import type { Address, LabContext, LabProcess, System } from '../system.ts';

/** Mails kept; the oldest go first. A lab that runs for weeks with a test that mails stays below 20 MB. */
const MAILS_KEPT = 1_000;

const START_TIMEOUT_MS = 30_000;

/** A system of its own for each lab, because it remembers its process. */
export function inbox(): System {
	let running: LabProcess | undefined;
	return {
		name: 'inbox',
		ports: { smtp: 1025, web: 1080 },
		async ensure() {},
		async start(context) {
			const host = context.host;
			running = await context.run({
				command: process.execPath,
				args: [
					path.join(path.dirname(findPackageJSON('maildev', import.meta.url) ?? ''), 'dist/bin/maildev.js'),
					...['--smtp', String(context.port('inbox', 'smtp')), '--ip', host],
					...['--web', String(context.port('inbox', 'web')), '--web-ip', host],
					...['--mail-directory', path.join(context.directory, 'mails'), '--max-emails', String(MAILS_KEPT)],
				],
			});
		},
		async ready(context) {
			await context.until(
				{ en: 'The inbox answering', es: 'Que el buzón responda' },
				async (signal) => (await fetch(`${inboxUrl(context)}/api/healthz`, { signal })).ok,
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
		},
		async stop() {
			await running?.stop();
			running = undefined;
		},
		variables: (context) => ({
			SMTP_HOST: context.reach,
			SMTP_PORT: String(context.port('inbox', 'smtp')),
			SMTP_INBOX_URL: inboxUrl(context),
		}),
		addresses: (context): Address[] => [
			{
				what: { en: 'Inbox (every mail lands here)', es: 'Buzón (aquí llegan todos los correos)' },
				url: inboxUrl(context),
				hint: {
					en: "The supplier's mail is there a moment later",
					es: 'Un momento después, ahí está el correo para el proveedor',
				},
			},
		],
	};
}

function inboxUrl(context: LabContext): string {
	return `http://localhost:${context.port('inbox', 'web')}`;
}
