/** A PostgreSQL server of the lab's own: for Odoo, and for hubs that share a store. Loopback only, no socket file. */
import { chown, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HubError } from '../../lib/errors.ts';
import { accountOf } from '../accounts.ts';
import { writePrivate } from '../children.ts';
import type { LabContext, LabProcess, System } from '../system.ts';

/** Where Debian puts each major version's programs, which are not on the PATH. */
const DEBIAN_PROGRAMS = '/usr/lib/postgresql';

/** `initdb` writes about 40 MB; on a busy two-core machine it was seen to take 8 s. */
const INITDB_TIMEOUT_MS = 120_000;

/** A fast shutdown ends the sessions and writes a checkpoint. */
const STOP_GRACE_MS = 10_000;

/** Not 5432: a server that the machine already runs shall not be in the way. */
const PORT = 5433;

const SUPERUSER = 'postgres';

interface Cluster {
	process: LabProcess | undefined;
	programs: string;
	data: string;
}

/**
 * The address of a database on the lab's server, as its superuser.
 * @param database default `postgres`, which always exists
 */
export function postgresqlUrl(context: LabContext, database = 'postgres'): string {
	const { host, port } = context.endpoint('postgresql', 'sql');
	return `postgres://${SUPERUSER}:${context.secret('postgresql')}@${host}:${port}/${database}`;
}

/** A system of its own for each lab, because it remembers its process. */
export function postgresql(): System {
	const cluster: Cluster = { process: undefined, programs: '', data: '' };
	return {
		name: 'postgresql',
		ports: { sql: PORT },
		// Only Odoo needs it.
		loopback: ['sql'],
		packages: ['postgresql'],
		commands: ['postgres'],
		async ensure(context) {
			cluster.programs = await programsDirectory();
			const account = accountToRunAs();
			const home = account ? await context.directoryFor(account, 'postgresql') : context.directory;
			cluster.data = path.join(home, 'data');
			if (!(await isComplete(cluster.data))) await makeCluster(context, cluster, home);
		},
		async start(context) {
			const { listen, port } = context.endpoint('postgresql', 'sql');
			cluster.process = await context.run({
				command: path.join(cluster.programs, 'postgres'),
				args: [
					...['-D', cluster.data, '-p', String(port)],
					...['-c', `listen_addresses=${listen}`, '-c', 'unix_socket_directories='],
				],
				cwd: path.dirname(cluster.data),
				...runAs(),
			});
		},
		async ready(context) {
			const { process } = cluster;
			const { host, port } = context.endpoint('postgresql', 'sql');
			await context.until(
				{ en: 'PostgreSQL answering', es: 'Que PostgreSQL responda' },
				async () => {
					await context.execute({
						command: path.join(cluster.programs, 'pg_isready'),
						args: ['-q', '-h', host, '-p', String(port)],
					});
					return true;
				},
				process ? { process } : {},
			);
		},
		async stop() {
			// SIGINT is the fast shutdown; SIGTERM would wait until every client has gone.
			await cluster.process?.stop({ signal: 'SIGINT', graceMs: STOP_GRACE_MS });
			cluster.process = undefined;
		},
	};
}

/** The programs of the newest version installed; a directory on the PATH elsewhere than on Debian. */
async function programsDirectory(): Promise<string> {
	const versions = (await readdir(DEBIAN_PROGRAMS).catch((): string[] => [])).map(Number).filter(Number.isFinite);
	const newest = Math.max(...versions);
	if (versions.length > 0) return path.join(DEBIAN_PROGRAMS, String(newest), 'bin');
	for (const directory of (process.env.PATH ?? '').split(path.delimiter)) {
		if ((await readdir(directory).catch((): string[] => [])).includes('initdb')) return directory;
	}
	throw new HubError('NOT_FOUND', 'PostgreSQL is not installed (no initdb found); install the package postgresql');
}

/** PostgreSQL refuses to run as root; Debian's package makes this account. */
function accountToRunAs(): string | undefined {
	return process.getuid?.() === 0 ? SUPERUSER : undefined;
}

function runAs(): { user?: string } {
	const user = accountToRunAs();
	return user ? { user } : {};
}

/** The version file is the first that `initdb` writes, so ours, written after it, is what tells a whole cluster. */
const COMPLETE = 'clinic-hub.complete';

async function isComplete(data: string): Promise<boolean> {
	return readFile(path.join(data, COMPLETE)).then(
		() => true,
		() => false,
	);
}

async function makeCluster(context: LabContext, { programs, data }: Cluster, home: string): Promise<void> {
	context.progress({ en: 'makes a database cluster', es: 'crea un clúster de bases de datos' });
	await rm(data, { recursive: true, force: true });
	// In a file, because a command line can be read by every account, and a pipe of Node's cannot be opened by name.
	const passwordFile = path.join(home, 'password');
	await writePrivate(passwordFile, context.secret('postgresql'));
	const user = accountToRunAs();
	if (user) {
		const { uid, gid } = await accountOf(user);
		await chown(passwordFile, uid, gid);
	}
	try {
		await context.execute({
			command: path.join(programs, 'initdb'),
			args: [
				...['-D', data, `--pwfile=${passwordFile}`, `--username=${SUPERUSER}`, '--auth=scram-sha-256'],
				...['--encoding=UTF8', '--locale=C.UTF-8', '--no-sync'],
			],
			cwd: home,
			timeoutMs: INITDB_TIMEOUT_MS,
			...runAs(),
		});
	} finally {
		await rm(passwordFile, { force: true });
	}
	await writeFile(path.join(data, COMPLETE), '');
}
