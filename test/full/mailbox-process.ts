/**
 * An SMTP server in a process of its own, to be killed. Options as JSON in argv. What it says "250" to lies in a file before,
 * one Message-ID a line, as in the spool of a real one.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { startScript } from '../../lab/smtp-script.ts';

export interface MailboxOptions {
	port: number;
	file: string;
	/** Before each answer, in ms. */
	dotMs: number;
}

const { port, file, dotMs } = JSON.parse(process.argv[2] ?? '{}') as MailboxOptions;

const server = await startScript(
	{
		dot: async () => {
			const id = /^message-id:\s*<([^@>]+)/im.exec(server.mails.shift()?.raw ?? '')?.[1] ?? 'without id';
			appendFileSync(file, `${id}\n`);
			await delay(dotMs);
			return '250 2.0.0 Ok: queued';
		},
	},
	{ port },
);
process.send?.('listening');
process.once('disconnect', () => process.exit(0));
