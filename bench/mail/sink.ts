/**
 * An SMTP server in a process of its own that takes every mail: `{ delayMs, maxConnections }` as JSON in argv. Tells its
 * parent the port, and then ten times a second how many mails it accepted and when (ms since epoch).
 */
import { setTimeout as wait } from 'node:timers/promises';
import { startScript } from '../../lab/smtp-script.ts';

export interface SinkOptions {
	/** Once a mail, after the final dot; in ms. */
	delayMs: number;
	/** A connection beyond these is answered 421, as large relays do. */
	maxConnections?: number;
}

export type SinkReport = { port: number } | { accepted: { id: string; at: number }[] };

const REPORT_MS = 100;

const { delayMs, maxConnections = Number.POSITIVE_INFINITY } = JSON.parse(process.argv[2] ?? '{}') as SinkOptions;
let accepted: { id: string; at: number }[] = [];

const server = await startScript({
	greeting: () => (server.connections.open > maxConnections ? '421 4.7.0 Too many connections' : '220 sink ESMTP'),
	dot: async () => {
		const id = /^message-id:\s*<([^@>]+)/im.exec(server.mails.at(-1)?.raw ?? '')?.[1] ?? '';
		server.mails.length = 0;
		if (delayMs > 0) await wait(delayMs);
		accepted.push({ id, at: Date.now() });
		return '250 2.0.0 Ok';
	},
});

function report(message: SinkReport): void {
	process.send?.(message);
}

report({ port: server.port });
setInterval(() => {
	if (accepted.length > 0) report({ accepted });
	accepted = [];
}, REPORT_MS);
process.once('disconnect', () => process.exit(0));
