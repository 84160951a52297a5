/** A Keycloak of one's own: data and imported realms in a directory, the distribution shared with others. */
import { copyFile, mkdir, readdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import type { RunOptions } from '../system.ts';
import { JAVA_ENVIRONMENT } from './distribution.ts';

export const ADMIN = { user: 'admin', password: 'admin' } as const;

/** Of the distribution; what a server writes lies beside them, in `data`. */
const SHARED = ['lib', 'conf', 'providers', 'themes'];

export interface ServerOptions {
	/** See `prepareHome`. */
	home: string;
	listen: string;
	port: number;
	/** As people and tokens name it, without `/realms/…`. */
	publicUrl: string;
	/** Fills the placeholders of imported realms. */
	env?: Record<string, string>;
	/** JDBC; default a file in `home`. */
	database?: string;
}

/**
 * Makes a home of Keycloak. What it is comes from where its script lies, so the script is copied and the rest linked.
 * @param realms files to import, unless a realm of that name is there already
 */
export async function prepareHome(home: string, distribution: string, realms: readonly string[]): Promise<void> {
	const importing = path.join(home, 'data/import');
	await mkdir(path.join(home, 'bin'), { recursive: true });
	await mkdir(importing, { recursive: true });
	await copyFile(path.join(distribution, 'bin/kc.sh'), path.join(home, 'bin/kc.sh'));
	const there = await readdir(home);
	for (const name of SHARED.filter((one) => !there.includes(one))) {
		await symlink(path.join(distribution, name), path.join(home, name));
	}
	for (const file of realms) await copyFile(file, path.join(importing, path.basename(file)));
}

/** How it is started. Over plain HTTP: it is a lab. */
export function serverCommand(options: ServerOptions): RunOptions {
	const { home, listen, port, publicUrl, env, database } = options;
	return {
		command: 'sh',
		args: [
			...[path.join(home, 'bin/kc.sh'), 'start', '--optimized', '--import-realm'],
			...['--http-enabled=true', `--http-host=${listen}`, `--http-port=${port}`],
			...[`--hostname=${publicUrl}`, '--hostname-backchannel-dynamic=true'],
			...(database ? [`--db-url=${database}`] : []),
		],
		cwd: home,
		env: {
			...JAVA_ENVIRONMENT,
			KC_BOOTSTRAP_ADMIN_USERNAME: ADMIN.user,
			KC_BOOTSTRAP_ADMIN_PASSWORD: ADMIN.password,
			...env,
		},
	};
}
