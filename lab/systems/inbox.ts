/** An SMTP server that delivers nothing and shows every mail on a web page (maildev); see `lab/inbox/main.ts`. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createAuthority } from '../certificates.ts';
import { writePrivate } from '../children.ts';
import type { InboxSettings } from '../inbox/main.ts';
import { CLINIC } from '../odoo/stand-in/clinic.ts';
import { canConnect } from '../ports.ts';
import type { Address, LabContext, LabProcess, System } from '../system.ts';

/** Mails kept; the oldest go first. A lab that runs for weeks with a test that mails stays below 20 MB. */
const MAILS_KEPT = 1_000;

const START_TIMEOUT_MS = 30_000;

/** Longer than any lab runs without a restart, which makes new certificates. */
const CERTIFICATE_DAYS = 365;

const USER = 'clinic-hub';
const SENDER = 'compras@clinica.example';

/** A system of its own for each lab, because it remembers its process. */
export function inbox(): System {
	let running: LabProcess | undefined;
	return {
		name: 'inbox',
		ports: { smtp: 1025, web: 1080, inner: 1026 },
		loopback: ['inner'],
		packages: ['openssl'],
		commands: ['openssl'],
		async ensure(context) {
			const authority = await createAuthority(CERTIFICATE_DAYS);
			const { cert, key } = await authority.issue([
				'localhost',
				'127.0.0.1',
				'::1',
				context.endpoint('inbox', 'smtp').host,
			]);
			await writeFile(inboxAuthority(context), authority.ca);
			await writeFile(fileOf(context, 'cert.pem'), cert);
			await writePrivate(fileOf(context, 'key.pem'), key);
		},
		async start(context) {
			const settings: InboxSettings = {
				host: context.endpoint('inbox', 'web').listen,
				smtpPort: context.port('inbox', 'smtp'),
				webPort: context.port('inbox', 'web'),
				innerPort: context.port('inbox', 'inner'),
				user: USER,
				passwordFile: fileOf(context, 'password'),
				cert: fileOf(context, 'cert.pem'),
				key: fileOf(context, 'key.pem'),
				unknown: CLINIC.suppliers.filter(({ misspelt }) => misspelt).map(({ email }) => email),
				mailDirectory: fileOf(context, 'mails'),
				maxEmails: MAILS_KEPT,
			};
			await writePrivate(settings.passwordFile, context.secret('smtp'));
			running = await context.run({
				command: process.execPath,
				args: [path.join(context.root, 'lab/inbox/main.ts'), JSON.stringify(settings)],
			});
		},
		async ready(context) {
			const smtp = context.endpoint('inbox', 'smtp');
			const health = `${context.endpoint('inbox', 'web').url}/api/healthz`;
			await context.until(
				{ en: 'The inbox answering', es: 'Que el buzón responda' },
				async (signal) => (await fetch(health, { signal })).ok && canConnect(smtp.host, smtp.port),
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
		},
		async stop() {
			await running?.stop();
			running = undefined;
		},
		variables: (context) => ({
			SMTP_HOST: context.endpoint('inbox', 'smtp').host,
			SMTP_PORT: String(context.port('inbox', 'smtp')),
			SMTP_USER: USER,
			SMTP_PASSWORD: context.secret('smtp'),
			SMTP_FROM: SENDER,
			SMTP_INBOX_URL: context.endpoint('inbox', 'web').url,
		}),
		addresses: (context): Address[] => [
			{
				what: { en: 'Inbox (every mail lands here)', es: 'Buzón (aquí llegan todos los correos)' },
				url: context.endpoint('inbox', 'web').openUrl,
				hint: {
					en: "The supplier's mail is there a moment later",
					es: 'Un momento después, ahí está el correo para el proveedor',
				},
			},
		],
	};
}

/** The authority (PEM file) behind the certificate of the lab's mail server. */
export function inboxAuthority(context: LabContext): string {
	return path.join(context.labDirectory, 'inbox', 'ca.pem');
}

function fileOf(context: LabContext, name: string): string {
	return path.join(context.labDirectory, 'inbox', name);
}
