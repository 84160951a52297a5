#!/usr/bin/env node
/** The command `clinic-hub`: backups and users, for three in the morning. */

import { main } from './main.ts';

const interrupted = new AbortController();
process.once('SIGINT', () => interrupted.abort());
process.once('SIGTERM', () => interrupted.abort());

process.exitCode = await main({
	args: process.argv.slice(2),
	environment: process.env,
	streams: { input: process.stdin, output: process.stdout, errors: process.stderr },
	signal: interrupted.signal,
});
