/**
 * Scratch databases of drills: one drill a target at a time, by a lease, and what one left that was killed is removed at the
 * next start. Their names bear a mark by a secret of the hub, so that nothing else is ever taken for one.
 */

import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { listDatabases } from '../odoo/databases.ts';
import { dropByManager, managerPage } from '../odoo/manager.ts';
import { dropDirectly } from '../odoo/restore-direct.ts';
import { requireScratch } from '../odoo/scratch.ts';
import { holdLease } from '../store/held-lease.ts';
import type { Sealer } from '../store/sealed.ts';
import { storedSecrets } from '../store/secrets.ts';
import type { Store } from '../store/store.ts';
import type { DrillTarget } from './restore-drill.ts';

export interface ScratchTools {
	store(): Promise<Store>;
	sealer(): Sealer;
	/** Unique to the process. */
	owner: string;
	target: DrillTarget;
	/** How long the right to a target lasts without its process, in ms. Default `LEASE_MS`. */
	leaseMs?: number | undefined;
}

/** Name of the hub's secret by which it knows its scratch databases. */
const SCRATCH_SECRET = 'drill/scratch';
const SECRET_BYTES = 32;

/** Two renewals may fail, as while a store restarts; after a kill nothing is removed for so long. In ms. */
const LEASE_MS = 30_000;
/** As long as a restore by the manager may take: the drill of another database goes before. In ms. */
const WAIT_MS = 4 * 3_600_000;

/**
 * Removes what an earlier process left when it was killed in a drill.
 * @returns names of what was removed
 * @throws HubError STORE_*, those of the target, CANCELLED
 */
export async function sweepScratch(tools: ScratchTools, signal: AbortSignal): Promise<string[]> {
	const { lasting } = await storedSecrets(await tools.store(), tools.sealer());
	const secret = await lasting.get(SCRATCH_SECRET);
	// No drill was ever run.
	if (secret === undefined) return [];
	return withTarget(tools, signal, (held) => sweep(tools.target, secret, held));
}

/** Runs a drill while no other one uses the target, after `sweepScratch`. @throws HubError TIMEOUT, LEASE_LOST, and what `work` throws */
export async function inTurn<T>(
	tools: ScratchTools,
	signal: AbortSignal,
	work: (secret: string, signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const { lasting } = await storedSecrets(await tools.store(), tools.sealer());
	return withTarget(tools, signal, async (held) => {
		const known = await lasting.get(SCRATCH_SECRET);
		const secret = known ?? randomBytes(SECRET_BYTES).toString('hex');
		if (known === undefined) await lasting.set(SCRATCH_SECRET, secret);
		else await sweep(tools.target, secret, held);
		return work(secret, held);
	});
}

async function withTarget<T>(
	{ store, owner, target, leaseMs: ttlMs = LEASE_MS }: ScratchTools,
	signal: AbortSignal,
	work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
	const tooLongText = 'Another drill has used the target for hours. See what it waits for.';
	const options = { owner, ttlMs, signal, waitMs: WAIT_MS, tooLongText };
	return holdLease(await store(), `drill ${placeOf(target)}`, options, work);
}

/** The same for every hub that restores there. */
function placeOf(target: DrillTarget): string {
	if (target.kind === 'manager') return new URL(target.url).origin;
	return `${target.postgres.host}:${target.postgres.port}`;
}

async function sweep(target: DrillTarget, secret: string, signal: AbortSignal): Promise<string[]> {
	const names = (await namesIn(target, signal)).filter((name) => isScratch(name, secret));
	for (const name of names) {
		if (target.kind === 'manager') await dropByManager(target, name, signal);
		else await dropDirectly({ postgres: { ...target.postgres, database: name }, filestore: target.filestore, signal });
	}
	return names;
}

async function namesIn(target: DrillTarget, signal: AbortSignal): Promise<string[]> {
	if (target.kind === 'manager') return (await managerPage(target.url, signal)).databases;
	// A database may be gone already, and its folder not.
	const folders = await readdir(target.filestore).catch(() => [] as string[]); // the drill says what is wrong with it
	return [...new Set([...(await listDatabases({ ...target.postgres, database: 'postgres' })), ...folders])];
}

function isScratch(name: string, secret: string): boolean {
	try {
		requireScratch(name, secret);
		return true;
	} catch {
		return false; // somebody else's: left alone
	}
}
