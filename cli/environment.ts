/** What the command shares with the hub: its variables, its store, its account of Google Drive. */

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { driveAccount } from '../lib/backup/drive-account.ts';
import { typedIdentity } from '../lib/backup/keys.ts';
import { defaultUserDirectory } from '../lib/config/command-line.ts';
import { readVariables } from '../lib/config/read.ts';
import { type DriveClient, openDrive } from '../lib/drive/client.ts';
import { type Folder, getFolder, ownFolder } from '../lib/drive/folder.ts';
import type { PostgresqlAddress } from '../lib/odoo/postgresql.ts';
import { sealer, storeSecrets } from '../lib/store/sealed.ts';
import { storedSecrets } from '../lib/store/secrets.ts';
import { openStore, type Store } from '../lib/store/store.ts';
import { CommandError, usageError } from './command.ts';
import type { Terminal } from './terminal.ts';

/** Of the folder that the hub makes with a consent. */
const FOLDER_NAME = 'Respaldos';

export class Environment {
	/** Variables, with those that files fill. */
	readonly variables: Readonly<Record<string, string | undefined>>;
	#store: Promise<Store> | undefined;

	/** @throws HubError `CONFIG_INVALID` naming the variable */
	constructor(environment: Readonly<Record<string, string | undefined>>) {
		const { additions } = readVariables(environment);
		this.variables = { ...environment, ...additions };
	}

	get userDir(): string {
		return path.resolve(this.variables['HUB_USER_DIR'] || defaultUserDirectory());
	}

	/** Where a backup waits for its upload. */
	get spoolDirectory(): string {
		return path.resolve(this.variables['HUB_SPOOL'] || path.join(this.userDir, 'spool'));
	}

	/** @throws HubError `CONFIG_INVALID` naming the variable */
	require(name: string): string {
		const value = this.variables[name];
		if (value) return value;
		throw usageError(
			`The variable ${name} is not set; see docs/variables.md.`,
			`Falta la variable ${name}; vea docs/variables.es.md.`,
		);
	}

	/** Odoo's PostgreSQL, where variables name it; `database` is the one that is meant. @throws HubError `CONFIG_INVALID` */
	postgresql(database: string): PostgresqlAddress | undefined {
		const host = this.variables['ODOO_PG_HOST'];
		if (!host) return undefined;
		const port = Number(this.variables['ODOO_PG_PORT'] || '5432');
		if (!Number.isInteger(port) || port < 1 || port > 65_535) {
			throw usageError('ODOO_PG_PORT takes a TCP port, 1 to 65535.', 'ODOO_PG_PORT es un puerto TCP, de 1 a 65535.');
		}
		const [user, password] = [this.variables['ODOO_PG_USER'] || 'odoo', this.variables['ODOO_PG_PASSWORD'] ?? ''];
		return { host, port, user, password, database };
	}

	/** The hub's own: `HUB_STORE_URL`, or the file in the user directory. @throws HubError `STORE_UNAVAILABLE` */
	store(): Promise<Store> {
		const url = this.variables['HUB_STORE_URL'];
		const file = path.join(this.userDir, 'clinic-hub.sqlite');
		this.#store ??= openStore(url ? { url } : { file });
		return this.#store;
	}

	/** @throws HubError `STORE_KEY`, `STORE_UNAVAILABLE` */
	async secrets(): ReturnType<typeof storedSecrets> {
		const given = [this.variables['HUB_STORE_KEY'], this.variables['HUB_CREDENTIAL_SECRET']];
		// The store first: it makes the directory that a key may have to be made in.
		const store = await this.store();
		return storedSecrets(store, sealer(storeSecrets({ given, userDir: this.userDir })));
	}

	/** The account and the folder that variables name. @throws HubError DRIVE_*, `CONFIG_INVALID` */
	async drive(signal: AbortSignal): Promise<{ client: DriveClient; folder: Folder }> {
		const account = await driveAccount(this.variables, async () => (await this.secrets()).lasting);
		const apiUrl = this.variables['DRIVE_API_URL'];
		const client = await openDrive({ account, ...(apiUrl ? { apiUrl } : {}) });
		const folder = this.variables['DRIVE_FOLDER'];
		return {
			client,
			folder: folder ? await getFolder(client, folder, signal) : await ownFolder(client, FOLDER_NAME, signal),
		};
	}

	async close(): Promise<void> {
		const opening = this.#store;
		this.#store = undefined;
		if (!opening) return;
		const store = await opening.catch(() => undefined);
		await store?.close();
	}
}

/**
 * A secret key from a file, or with `-` typed or piped in.
 * @throws HubError `NOT_FOUND`, `CANCELLED`
 */
export async function readIdentity(source: string, terminal: Terminal): Promise<string> {
	if (source === '-') {
		return typedIdentity(await terminal.askSecret({ en: 'Recovery key:', es: 'Clave de recuperación:' }));
	}
	return typedIdentity(readText(source));
}

/** @throws HubError `NOT_FOUND` */
export function readText(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch (cause) {
		const { code } = cause as NodeJS.ErrnoException;
		const why = code ?? 'no code';
		throw new CommandError(
			'NOT_FOUND',
			{
				en: `The file ${file} cannot be read (${why}). Check its name and who may read it.`,
				es: `No se puede leer el archivo ${file} (${why}). Revise su nombre y sus permisos.`,
			},
			{ cause },
		);
	}
}

/** As the hub reads a switch. */
export function isOn(value: string | undefined): boolean {
	return /^(true|on|yes|1)$/i.test(value ?? '');
}
