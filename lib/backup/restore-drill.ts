/** A drill: restores a backup beside everything else, compares what came of it with the signed record, and removes it. */
import { HubError } from '../errors.ts';
import { contentOf } from '../odoo/content.ts';
import { databaseExists } from '../odoo/databases.ts';
import {
	dropByManager,
	type ManagerAddress,
	managerPage,
	openManagerBackup,
	restoreByManager,
} from '../odoo/manager.ts';
import { neutralizeDirectly, type OdooProgram } from '../odoo/neutralize.ts';
import type { PostgresqlAddress } from '../odoo/postgresql.ts';
import { type DirectTarget, dropDirectly } from '../odoo/restore-direct.ts';
import { requireScratch, scratchName } from '../odoo/scratch.ts';
import { compareRestored, type DrillComparison, type ExpectedContent, type RestoredContent } from './drill.ts';
import { proveZip } from './proof.ts';
import { restoreDirectly } from './unpack.ts';

/** Where drills restore to; a server of its own, never the one that people work with. */
export type DrillTarget =
	| ({ kind: 'manager' } & ManagerAddress)
	| {
			kind: 'direct';
			/** A role that may make databases. */
			postgres: Omit<PostgresqlAddress, 'database'>;
			/** An empty folder of its own, or the filestore of the target's Odoo. */
			filestore: string;
			/** Without it what leaves a database is switched off, and no more. */
			odoo?: OdooProgram | undefined;
	  };

export interface DrillRequest {
	target: DrillTarget;
	/** Decrypted, its signature checked before. */
	source: AsyncIterable<Buffer>;
	format: 'zip' | 'dump';
	/** Of the source, in bytes. */
	size: number;
	/** Of the signed record. */
	expected: ExpectedContent;
	/** Of the hub, by which it knows its scratch databases. */
	secret: string;
	signal?: AbortSignal | undefined;
	/** Told when each begins. */
	onPhase?: ((phase: 'restore' | 'compare' | 'drop') => void) | undefined;
}

/**
 * The scratch database is removed whatever happens, and only if this hub's mark is in its name.
 * @throws HubError of the restore; that rows differ is the result, not an error
 */
export async function runDrill(request: DrillRequest): Promise<DrillComparison> {
	const { target, expected, format, secret, signal, onPhase } = request;
	const scratch = scratchName(secret);
	const place =
		target.kind === 'manager' ? managerPlace(target, scratch, signal) : directPlace(target, scratch, signal);
	// Nothing of that name is there before: what is dropped afterwards was made here.
	if (await place.exists())
		throw new HubError('ODOO_DATABASE_EXISTS', `The scratch database ${scratch} exists already.`);
	const drop = async () => {
		onPhase?.('drop');
		requireScratch(scratch, secret);
		await place.drop();
	};
	let compared: DrillComparison;
	try {
		onPhase?.('restore');
		await place.restore(request);
		onPhase?.('compare');
		compared = compareRestored({ ...expected, format }, await place.content());
	} catch (thrown) {
		// What failed is told; what cannot be removed now is removed before the next drill.
		await drop().catch(() => undefined);
		throw thrown;
	}
	await drop();
	return compared;
}

interface Place {
	exists(): Promise<boolean>;
	restore(request: DrillRequest): Promise<void>;
	content(): Promise<RestoredContent>;
	drop(): Promise<void>;
}

/** Only a backup of the scratch database tells what is in it: the manager counts nothing. */
function managerPlace(address: ManagerAddress, database: string, signal: AbortSignal | undefined): Place {
	return {
		exists: async () => (await managerPage(address.url)).databases.includes(database),
		restore: ({ source: file, size, signal }) => restoreByManager(address, { database, file, size, signal }),
		async content() {
			const stream = await openManagerBackup(address, { database, format: 'zip', signal });
			return proveZip(stream, { startedAt: Date.now() });
		},
		drop: () => dropByManager(address, database),
	};
}

type Direct = Extract<DrillTarget, { kind: 'direct' }>;

function directPlace({ postgres, filestore, odoo }: Direct, database: string, signal: AbortSignal | undefined): Place {
	const target: DirectTarget = { postgres: { ...postgres, database }, filestore, signal };
	return {
		exists: () => databaseExists(target.postgres),
		async restore({ source, format }) {
			await restoreDirectly(source, target, {
				format,
				comment: 'Made by a drill of the clinic hub, which removes it.',
			});
			await neutralizeDirectly(target.postgres, odoo, signal);
		},
		content: () => contentOf(target.postgres, filestore, signal),
		drop: () => dropDirectly(target),
	};
}
