/** What Odoo finds on disk: its configuration, its data, and a copy of this checkout's addons that its account can read. */
import { chown, cp, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { accountOf } from '../accounts.ts';
import { writePrivate } from '../children.ts';
import type { LabContext, RunOptions } from '../system.ts';
import { configurationText } from './configuration.ts';
import { DATABASE, ROLE } from './database.ts';
import { addonsOf, PYTHON } from './source.ts';

/** Addons of this checkout, and the clinic's data. */
const OWN_ADDONS = ['odoo-addon', 'deploy/odoo/addons'];

/** An account without rights to anything, on every Debian; Odoo shall not run as root. */
const ACCOUNT = 'nobody';

export interface Place {
	/** Directory of Odoo's source. */
	source: string;
	/** Owned by the account that Odoo runs as. */
	directory: string;
	configuration: string;
	/** Copies of this checkout's addons. */
	ownAddons: string[];
	user: string | undefined;
}

/**
 * Writes the configuration and copies the addons anew; a checkout below /root is closed to Odoo's account.
 * @param manager whether Odoo's database manager answers
 */
export async function preparePlace(context: LabContext, source: string, manager = false): Promise<Place> {
	const user = process.getuid?.() === 0 ? ACCOUNT : undefined;
	const directory = user ? await context.directoryFor(user, 'odoo') : context.directory;
	const copies = path.join(directory, 'addons');
	await rm(copies, { recursive: true, force: true });
	const ownAddons: string[] = [];
	for (const name of OWN_ADDONS) {
		const copy = path.join(copies, name.replaceAll('/', '-'));
		await cp(path.join(context.root, name), copy, { recursive: true, preserveTimestamps: true });
		ownAddons.push(copy);
	}
	const dataDirectory = path.join(directory, 'data');
	await mkdir(dataDirectory, { recursive: true });
	const configuration = path.join(directory, 'odoo.conf');
	const { listen, port } = context.endpoint('odoo', 'web');
	const database = context.endpoint('postgresql', 'sql');
	const text = configurationText({
		host: listen,
		port,
		dataDirectory,
		addons: [...addonsOf(source), ...ownAddons],
		database: {
			host: database.host,
			port: database.port,
			name: DATABASE,
			user: ROLE,
			password: context.secret('odoo.database'),
		},
		masterPassword: context.secret('odoo.master'),
		manager,
	});
	await writePrivate(configuration, text);
	if (user) {
		const { uid, gid } = await accountOf(user);
		for (const each of [configuration, dataDirectory]) await chown(each, uid, gid);
	}
	return { source, directory, configuration, ownAddons, user };
}

/** When a file of this checkout's addons was last changed, as text to be compared. */
export async function lastChange(place: Place): Promise<string> {
	let newest = 0;
	for (const directory of place.ownAddons) {
		for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
			if (entry.isFile()) newest = Math.max(newest, (await stat(path.join(entry.parentPath, entry.name))).mtimeMs);
		}
	}
	return String(newest);
}

/** How Odoo is run with further arguments. */
export function odooCommand(context: LabContext, place: Place, args: readonly string[] = []): RunOptions {
	return {
		command: PYTHON,
		args: [path.join(place.source, 'odoo-bin'), '-c', place.configuration, ...args],
		cwd: place.directory,
		env: {
			// Odoo looks for its own files in the home directory, which the account may not have.
			HOME: place.directory,
			// The account cannot write beside the source; without compiled files each start takes seconds longer.
			PYTHONPYCACHEPREFIX: path.join(place.directory, 'data', 'pycache'),
			CLINIC_DEMO_LANGUAGE: context.options.language === 'es' ? 'es_CL' : 'en_US',
		},
		...(place.user ? { user: place.user } : {}),
	};
}
