/** The two ways of a restore for work into Odoo: by its database manager, and past it into PostgreSQL and the filestore. */

import { HubError } from '../errors.ts';
import { contentOf } from '../odoo/content.ts';
import { databaseExists } from '../odoo/databases.ts';
import { dropByManager, type ManagerAddress, managerPage, renameByManager, restoreByManager } from '../odoo/manager.ts';
import {
	giveNewIdentity,
	neutralizeDirectly,
	type Safeguards,
	safeguardByRpc,
	safeguardDirectly,
} from '../odoo/neutralize.ts';
import type { PostgresqlAddress } from '../odoo/postgresql.ts';
import { type DirectTarget, dropDirectly, putInPlace } from '../odoo/restore-direct.ts';
import { OdooRpc } from '../odoo/rpc.ts';
import { ALLOWANCES, LIVE_ALLOWANCES, type RestoredContent } from './drill.ts';
import type { BackupFormat } from './record.ts';
import { restoreDirectly } from './unpack.ts';

type Server = Omit<PostgresqlAddress, 'database'>;

export type RestoreTarget =
	| {
			kind: 'manager';
			address: ManagerAddress;
			/** To make the restored database safe, and to look at it. */
			postgres?: Server | undefined;
			filestore?: string | undefined;
			/** In place of PostgreSQL: an administrator of the restored database. Asked for only then. */
			administrator?: (() => Promise<{ user: string; password: string }>) | undefined;
	  }
	| {
			kind: 'direct';
			/** A role that may make databases. */
			postgres: Server;
			filestore: string;
	  };

export interface Making {
	/** Decrypted while it is read. */
	plain: AsyncIterable<Buffer>;
	/** Of the plain backup, in bytes. */
	size: number;
	format: BackupFormat;
	/** On the database, for whoever wonders whose it is. */
	comment: string;
	copy: boolean;
	neutralize: boolean;
	signal: AbortSignal;
}

export interface RestorePlace {
	exists(name: string): Promise<boolean>;
	/** A database of that name, which nothing had before. */
	make(name: string, making: Making): Promise<void>;
	/** Undefined where nobody can look. Counted before anything is changed, where it can be. */
	content(name: string, signal: AbortSignal): Promise<RestoredContent | undefined>;
	/** By how much the content may differ from the backup; see `drill.ts`. */
	allowances(neutralize: boolean): typeof ALLOWANCES;
	/** Undefined for a neutralised one, and where nobody can do it. */
	safeguard(name: string, making: Pick<Making, 'copy' | 'neutralize' | 'signal'>): Promise<Safeguards | undefined>;
	/**
	 * Gives a database that was made the name of another.
	 * @param replaced that one was there when the restore began, and a person knows that it loses its place
	 * @returns the name under which that one is kept
	 * @throws HubError ODOO_DATABASE_EXISTS when one came meanwhile
	 */
	putInPlace(made: string, name: string, replaced: boolean): Promise<string | undefined>;
	drop(name: string): Promise<void>;
}

export function restorePlace(target: RestoreTarget): RestorePlace {
	return target.kind === 'manager' ? managerPlace(target) : directPlace(target);
}

/** A restore takes hours: what came meanwhile is nothing that a person gave up. */
function requireReplaced(name: string, replaced: boolean): void {
	if (replaced) return;
	const text = `A database “${name}” was made while the restore worked, and is left alone.`;
	throw new HubError('ODOO_DATABASE_EXISTS', text);
}

type ByManager = Extract<RestoreTarget, { kind: 'manager' }>;

function managerPlace({ address, postgres, filestore, administrator }: ByManager): RestorePlace {
	const exists = async (name: string) => (await managerPage(address.url)).databases.includes(name);
	return {
		exists,
		make: (database, { plain: file, size, copy, neutralize, signal }) =>
			restoreByManager(address, { database, file, size, copy, neutralize, signal }),
		content: async (database, signal) =>
			postgres && filestore ? contentOf({ ...postgres, database }, filestore, signal) : undefined,
		allowances: (neutralize) => (neutralize ? ALLOWANCES : LIVE_ALLOWANCES),
		async safeguard(database, { neutralize }) {
			if (neutralize) return undefined;
			if (postgres) return safeguardDirectly({ ...postgres, database });
			if (!administrator) return undefined;
			const login = await administrator();
			return safeguardByRpc(new OdooRpc({ url: address.url, database, ...login }), crypto.randomUUID());
		},
		// The manager hides nothing from its own Odoo, which would do the jobs of both.
		async putInPlace(made, name, replaced) {
			if (await exists(name)) {
				requireReplaced(name, replaced);
				await dropByManager(address, name);
			}
			await renameByManager(address, made, name);
			return undefined;
		},
		drop: (name) => dropByManager(address, name),
	};
}

function directPlace({ postgres, filestore }: Extract<RestoreTarget, { kind: 'direct' }>): RestorePlace {
	const target = (database: string): DirectTarget => ({ postgres: { ...postgres, database }, filestore, hidden: true });
	const exists = (name: string) => databaseExists(target(name).postgres);
	return {
		exists,
		make: (name, { plain, format, comment, signal }) =>
			restoreDirectly(plain, { ...target(name), signal }, { format, comment }),
		content: (name, signal) => contentOf(target(name).postgres, filestore, signal),
		// Odoo does not see it yet, and nothing was changed.
		allowances: () => ({}),
		async safeguard(name, { copy, neutralize, signal }) {
			const made = target(name).postgres;
			if (copy) await giveNewIdentity(made);
			if (!neutralize) return safeguardDirectly(made);
			await neutralizeDirectly(made, undefined, signal);
			return undefined;
		},
		async putInPlace(made, name, replaced) {
			if (await exists(name)) requireReplaced(name, replaced);
			return putInPlace(target(made), name, new Date());
		},
		drop: (name) => dropDirectly(target(name)),
	};
}
