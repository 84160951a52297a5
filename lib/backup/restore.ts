/**
 * A restore for work. Everything is proven before anything of Odoo is touched and before a person is asked; the database is
 * made beside what is there, looked at, made safe, and only then put in its place.
 */

import { randomBytes } from 'node:crypto';
import { HubError, toHubError } from '../errors.ts';
import type { Safeguards } from '../odoo/neutralize.ts';
import { PLACE_NAME_LENGTH } from '../odoo/restore-direct.ts';
import { requireConfirmation } from '../odoo/scratch.ts';
import { compareRestored, type DrillComparison } from './drill.ts';
import { isDatabaseName } from './place.ts';
import { type Making, type RestorePlace, type RestoreTarget, restorePlace } from './restore-place.ts';
import { plainBackup, verifyBackup } from './verify-file.ts';

export type RestorePhase = 'checksum' | 'content' | 'restore' | 'look';

export interface RestoreRequest {
	target: RestoreTarget;
	/** Path of the backup. */
	file: string;
	/** The parsed content of its record. */
	signed: unknown;
	/** Public keys that are believed. */
	verifying: readonly string[];
	/** Secret keys of age. */
	identities: readonly string[];
	/** Name of the database to make. */
	into: string;
	/** The database gets an identity of its own. */
	copy: boolean;
	/** No mail, no jobs: for a test. */
	neutralize: boolean;
	/** Asked when something of that name is there: what a person typed. */
	confirm(): Promise<string | undefined>;
	signal: AbortSignal;
	/** Bytes of those in all; of `look` there are none. */
	onProgress?: ((phase: RestorePhase, bytes: number, total: number) => void) | undefined;
}

/** Of the name under which a database is made, so that it is nobody else's. */
const MADE_BYTES = 6;

/** What became of it; plain JSON. */
export interface RestoreReport {
	/** Id of the backup. */
	backup: string;
	/** Of which database it was made, and when. */
	database: string;
	startedAt: string;
	into: string;
	/** Something of that name was there. */
	replaced: boolean;
	/** Name under which it is kept, hidden from Odoo; null by the manager, which drops it. */
	kept: string | null;
	neutralized: boolean;
	/** Null where nobody could look. */
	comparison: DrillComparison | null;
	/** Null for a neutralised database, and where nobody could do it. */
	safeguards: Safeguards | null;
}

/** @throws HubError CONFIG_INVALID */
export function requirePlaceName(into: string): void {
	if (isDatabaseName(into) && into.length <= PLACE_NAME_LENGTH) return;
	throw new HubError(
		'CONFIG_INVALID',
		`A database cannot be called that. Take letters, digits, “_”, “.” and “-”, at most ${PLACE_NAME_LENGTH} of them.`,
	);
}

/**
 * That rows differ is in the report, not an error.
 * @throws HubError CONFIG_INVALID, BACKUP_UNTRUSTED, KEY_INVALID, BACKUP_ALTERED, BACKUP_SPOILED, RESTORE_UNCONFIRMED, and
 * those of the restore; then what was there is still there
 */
export async function restoreBackup(request: RestoreRequest): Promise<RestoreReport> {
	const { file, signed, verifying, identities, into, copy, neutralize, signal, onProgress } = request;
	requirePlaceName(into);
	const { record, content: opened } = await verifyBackup({
		...{ file, signed, verifying, identities, signal },
		...(onProgress ? { onProgress } : {}),
	});
	if (!opened) {
		throw new HubError('KEY_INVALID', 'The backup is encrypted: give the recovery key, or the drill key.');
	}
	const place = restorePlace(request.target);
	const replaced = await place.exists(into);
	if (replaced) requireConfirmation(into, replaced, await request.confirm());
	const made = `${into}-restored-${randomBytes(MADE_BYTES).toString('hex')}`;
	const making = {
		plain: plainBackup(record, file, {
			...{ identities, signal },
			onProgress: (bytes, total) => onProgress?.('restore', bytes, total),
		}),
		...{ size: record.plainSize, format: record.format, comment: `clinic-hub: ${record.id}` },
		...{ copy, neutralize, signal },
	};
	const { comparison, safeguards } = await makeSafe(place, made, making, async () => {
		onProgress?.('look', 0, 0);
		const found = await place.content(made, signal);
		return found ? compareRestored(record, found, place.allowances(neutralize)) : null;
	});
	const kept = await place.putInPlace(made, into, replaced).catch(async (thrown: unknown) => {
		const { code, message } = toHubError(thrown);
		throw new HubError(code, `${message} What was restored is there as ${await whereNow(place, made, into)}.`, {
			cause: thrown,
		});
	});
	const { id: backup, database, startedAt } = record;
	return {
		...{ backup, database, startedAt, into, replaced, kept: kept ?? null, neutralized: neutralize },
		...{ comparison, safeguards },
	};
}

/** It may have got its new name before something failed. */
async function whereNow(place: RestorePlace, made: string, into: string): Promise<string> {
	const there = await place.exists(made).catch(() => undefined);
	if (there === undefined) return `“${made}” or, if it got its name before that, as “${into}”`;
	return `“${there ? made : into}”`;
}

/** Of what is made nothing is left when it cannot be made safe: its name is one that nobody else has. */
async function makeSafe(
	place: RestorePlace,
	made: string,
	making: Making,
	compare: () => Promise<DrillComparison | null>,
): Promise<Pick<RestoreReport, 'comparison' | 'safeguards'>> {
	try {
		await place.make(made, making);
		const comparison = await compare();
		return { comparison, safeguards: (await place.safeguard(made, making)) ?? null };
	} catch (thrown) {
		// What failed is told; that it could not be removed either would hide that.
		await place.drop(made).catch(() => undefined);
		throw thrown;
	}
}
