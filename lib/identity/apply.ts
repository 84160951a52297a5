/** Carries lines out, batch by batch. It may end anywhere: the next run plans anew what is left. */
import { HubError, toHubError } from '../errors.ts';
import type { Lease } from '../store/store.ts';
import type { IdentityTarget, Line } from './model.ts';

/** Lines a call: 100 created users took Odoo 2.5 s, and a cancel waits for one call. */
export const BATCH = 50;

export interface Applied {
	done: Line[];
	failed: { line: Line; text: string }[];
	/** Lines of accounts that were found changed in the meantime. */
	skipped: Line[];
	cancelled: boolean;
}

export interface ApplyOptions {
	target: IdentityTarget;
	lease: Lease;
	/** Asks once more, just before: false leaves the line out. */
	stillTrue: (line: Line, signal?: AbortSignal) => Promise<boolean>;
	/** After each batch, with what it did. */
	onBatch?: (done: readonly Line[], total: number) => Promise<void> | void;
	signal?: AbortSignal | undefined;
}

/**
 * In the order of the plan, a batch holds lines of one kind.
 * @throws HubError LEASE_LOST, and what the target throws as a whole (unreachable, credentials): nothing more is tried then
 */
export async function applyLines(lines: readonly Line[], options: ApplyOptions): Promise<Applied> {
	const { target, lease, stillTrue, onBatch, signal } = options;
	const applied: Applied = { done: [], failed: [], skipped: [], cancelled: false };
	for (const batch of batches(lines)) {
		if (signal?.aborted) return { ...applied, cancelled: true };
		const sure: Line[] = [];
		for (const line of batch) {
			if (!takesAccess(line) || (await stillTrue(line, signal))) sure.push(line);
			else applied.skipped.push(line);
		}
		if (sure.length === 0) continue;
		// At the last moment: whoever took the lease over must not meet a late write of ours.
		await lease.renew();
		const results = await target.apply(sure, lease.token, signal).catch((thrown: unknown) => {
			if (toHubError(thrown).code === 'CANCELLED') return null;
			throw thrown;
		});
		if (results === null) return { ...applied, cancelled: true };
		if (results.length !== sure.length) {
			throw new HubError(
				'ODOO_REFUSED',
				'Odoo answered for other lines than it was given. Update the addon clinic_sso.',
			);
		}
		const done: Line[] = [];
		for (const [index, line] of sure.entries()) {
			const result = results[index];
			if (result?.ok) done.push(line);
			else applied.failed.push({ line, text: result?.text ?? '' });
		}
		applied.done.push(...done);
		await onBatch?.(done, lines.length);
	}
	return applied;
}

/** Kinds that are asked for once more: somebody may have been enabled again while the plan was carried out. */
function takesAccess({ kind }: Line): boolean {
	return kind === 'suspend' || kind === 'archive';
}

function* batches(lines: readonly Line[]): Generator<Line[]> {
	let batch: Line[] = [];
	for (const line of lines) {
		if (batch.length === BATCH || (batch[0] && batch[0].kind !== line.kind)) {
			yield batch;
			batch = [];
		}
		batch.push(line);
	}
	if (batch.length > 0) yield batch;
}
