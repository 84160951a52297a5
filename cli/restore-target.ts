/** The two ways of `clinic-hub restore` into Odoo: by its database manager, and past it into PostgreSQL and the filestore. */

import path from 'node:path';
import type { RestoredContent } from '../lib/backup/drill.ts';
import type { BackupRecord } from '../lib/backup/record.ts';
import { restoreDirectly } from '../lib/backup/unpack.ts';
import { HubError } from '../lib/errors.ts';
import { contentOf } from '../lib/odoo/content.ts';
import { databaseExists } from '../lib/odoo/databases.ts';
import { dropByManager, managerPage, restoreByManager } from '../lib/odoo/manager.ts';
import { neutralizeDirectly, type Safeguards, safeguardByRpc, safeguardDirectly } from '../lib/odoo/neutralize.ts';
import type { PostgresqlAddress } from '../lib/odoo/postgresql.ts';
import { type DirectTarget, putInPlace } from '../lib/odoo/restore-direct.ts';
import { OdooRpc } from '../lib/odoo/rpc.ts';
import { type Invocation, textOption } from './command.ts';
import type { Environment } from './environment.ts';

export interface RestoreRequest {
	into: string;
	record: BackupRecord;
	/** Decrypted while it is read. */
	plain: AsyncIterable<Buffer>;
	copy: boolean;
	neutralize: boolean;
	signal: AbortSignal;
}

/** What became of it. */
export interface RestoreOutcome {
	/** Undefined where nobody could look. */
	content: RestoredContent | undefined;
	/** Undefined for a neutralised database, and where nobody could do it. */
	safeguards: Safeguards | undefined;
	/** Name under which the database of before is kept. */
	kept: string | undefined;
}

export interface RestoreTarget {
	/** Whether a database of that name is there. */
	exists(into: string): Promise<boolean>;
	/** One that exists was confirmed before. */
	restore(request: RestoreRequest): Promise<RestoreOutcome>;
}

/** @throws HubError `CONFIG_INVALID` naming what is missing */
export function restoreTarget(invocation: Invocation): RestoreTarget {
	return invocation.values['direct'] === true ? directTarget(invocation.environment) : managerTarget(invocation);
}

function managerTarget(invocation: Invocation): RestoreTarget {
	const { environment, signal } = invocation;
	const odoo = { url: environment.require('ODOO_URL'), masterPassword: environment.require('ODOO_MASTER_PASSWORD') };
	let exists = false;
	return {
		async exists(into) {
			exists = (await managerPage(odoo.url, signal)).databases.includes(into);
			return exists;
		},
		async restore({ into, record, plain, copy, neutralize }) {
			if (exists) await dropByManager(odoo, into, signal);
			const file = { file: plain, size: record.plainSize };
			await restoreByManager(odoo, { database: into, ...file, copy, neutralize, signal });
			const postgres = environment.postgresql(into);
			const content = postgres && (await look(environment, postgres, signal));
			return {
				content,
				safeguards: neutralize ? undefined : await safeguard(invocation, odoo.url, into),
				kept: undefined,
			};
		},
	};
}

/** By PostgreSQL where it is known, else by an administrator of the restored database. */
async function safeguard(invocation: Invocation, url: string, database: string): Promise<Safeguards | undefined> {
	const { environment, terminal } = invocation;
	const postgres = environment.postgresql(database);
	if (postgres) return safeguardDirectly(postgres);
	const user = textOption(invocation, 'admin');
	if (user === undefined) return undefined;
	const password = await terminal.askSecret({
		en: `Password of "${user}" in the restored database:`,
		es: `Contraseña de «${user}» en la base restaurada:`,
	});
	return safeguardByRpc(new OdooRpc({ url, database, user, password }), crypto.randomUUID());
}

function directTarget(environment: Environment): RestoreTarget {
	const target = (database: string): DirectTarget => {
		const postgres = environment.postgresql(database);
		if (postgres) return { postgres, filestore: path.resolve(environment.require('ODOO_FILESTORE')) };
		throw new HubError(
			'CONFIG_INVALID',
			'To restore directly set ODOO_PG_HOST and ODOO_FILESTORE; see docs/variables.md.',
		);
	};
	target('postgres');
	return {
		exists: async (into) => databaseExists(target(into).postgres),
		async restore({ into, record, plain, neutralize, signal }) {
			// Made beside, looked at, and only then put in place: what was there is kept, whatever happens.
			const beside = target(`${into}-restored-${record.id.slice(0, 8)}`);
			await restoreDirectly(
				plain,
				{ ...beside, signal },
				{ format: record.format, comment: `clinic-hub: ${record.id}` },
			);
			const content = await look(environment, beside.postgres, signal);
			if (neutralize) await neutralizeDirectly(beside.postgres, undefined);
			const safeguards = neutralize ? undefined : await safeguardDirectly(beside.postgres);
			return { content, safeguards, kept: await putInPlace(beside, into, new Date()) };
		},
	};
}

/** Without the filestore only rows can be counted. */
async function look(
	environment: Environment,
	postgres: PostgresqlAddress,
	signal: AbortSignal,
): Promise<RestoredContent | undefined> {
	const filestore = environment.variables['ODOO_FILESTORE'];
	return filestore ? contentOf(postgres, path.resolve(filestore), signal) : undefined;
}
