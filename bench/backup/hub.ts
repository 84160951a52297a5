/** One backup in a process of its own, as a hub makes it; prints what it took as JSON. `hub.ts <HubTask as JSON>` */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type * as pipeline from '../../lib/backup/pipeline.ts';
import type * as signature from '../../lib/backup/signature.ts';
import type { SourceDescription } from '../../lib/backup/source.ts';
import type * as spools from '../../lib/backup/spool.ts';
import { built } from './built.ts';

export interface HubTask {
	source: SourceDescription;
	/** Folder. */
	spool: string;
	/** `age1…` */
	recipient: string;
}

export interface HubFigures {
	ms: number;
	/** User and system, of all threads. */
	cpuMs: number;
	/** The most that was resident at once, over what was before the backup. */
	addedMiB: number;
	/** What the main thread was late by, 99th percentile, ms. */
	delayMs: number;
	/** The same before the backup began: what the machine itself is late by. */
	idleDelayMs: number;
	bytes: number;
}

/** Between two looks, ms; the main thread of a hub has nothing else to do here, so each is late by what held it up. */
const LOOK_MS = 5;
/** Until the garbage of loading is collected, and for measuring the idle thread, ms. */
const SETTLE_MS = 500;
const IDLE_MS = 1_500;

const { makeBackup } = await built<typeof pipeline>('lib/backup/pipeline.js');
const { createSigningKey } = await built<typeof signature>('lib/backup/signature.js');
const { Spool } = await built<typeof spools>('lib/backup/spool.js');

const statusMiB = (name: 'VmRSS' | 'VmHWM') =>
	Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;

const { source, spool: directory, recipient } = JSON.parse(process.argv[2] ?? '{}') as HubTask;
const spool = await Spool.open(directory);
const { privateKey: signingKey } = createSigningKey();
await wait(SETTLE_MS);
let delays: number[] = [];
const percentile99 = () => delays.toSorted((a, b) => a - b)[Math.floor(delays.length * 0.99)] ?? 0;
let due = performance.now() + LOOK_MS;
const look = setInterval(() => {
	delays.push(Math.max(0, performance.now() - due));
	due = performance.now() + LOOK_MS;
}, LOOK_MS);
await wait(IDLE_MS);
const idleDelayMs = percentile99();
delays = [];
const idleMiB = statusMiB('VmRSS');
// Linux begins to look for the most anew, see proc_pid_clear_refs(5).
writeFileSync('/proc/self/clear_refs', '5');
const cpu = process.cpuUsage();
const begin = performance.now();
const { claim } = await makeBackup({
	id: 'bench-0001',
	database: 'bench',
	source,
	sourceName: source.kind === 'direct' ? 'direct' : 'manager',
	format: 'zip',
	encryption: { kind: 'age', recipients: [recipient] },
	signingKey,
	spool,
});
const ms = performance.now() - begin;
const { user, system } = process.cpuUsage(cpu);
clearInterval(look);
if (!claim.complete || claim.late.length > 0) throw new Error('the backup is not complete');
await spool.release(claim.file);
const figures: HubFigures = {
	...{ ms, cpuMs: (user + system) / 1_000, addedMiB: statusMiB('VmHWM') - idleMiB },
	...{ delayMs: percentile99(), idleDelayMs, bytes: claim.plainSize },
};
console.log(JSON.stringify(figures));
