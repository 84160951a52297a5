/**
 * Keycloak as its project publishes it, fetched by Maven once a machine and built for quick starts. Maven looks where its
 * `settings.xml` says: mirrors and proxies are those of the machine.
 */
import { access, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { HubError } from '../../lib/errors.ts';
import { tailOf } from '../children.ts';
import type { LabContext } from '../system.ts';

const VERSION = '26.7.3';

/** 177 MB and Maven's own plugins: 60 s with a near mirror, in ms. */
const DOWNLOAD_MS = 30 * 60_000;
/** Takes 41 s of a core; in ms. */
const BUILD_MS = 10 * 60_000;
const POLL_MS = 1_000;

/** What is decided when it is built; a start says the rest. */
const BUILD_OPTIONS = ['--db=dev-file', '--cache=local', '--health-enabled=false'];

/** What Maven and Java read of the environment, `settings.xml` beside. */
const TOOL_VARIABLES = /^(MAVEN_|JAVA_HOME$|JAVA_TOOL_OPTIONS$)/;

/** Frugal and quick to start; a clinic's server would be told otherwise. */
export const JAVA_ENVIRONMENT = {
	JAVA_OPTS_KC_HEAP: '-Xms64m -Xmx768m',
	JAVA_OPTS_APPEND: '-XX:-UseG1GC -XX:+UseSerialGC -XX:TieredStopAtLevel=1',
};

/** The user's cache, so that several checkouts share it. */
function location(): string {
	return path.join(homedir(), '.cache', 'clinic-hub', `keycloak-${VERSION}`);
}

/**
 * The directory of the built distribution, made at first use. Another process may do the same meanwhile.
 * @throws HubError PACKAGES_MISSING with what Maven said, TIMEOUT, CANCELLED
 */
export async function keycloakDistribution(context: LabContext): Promise<string> {
	const place = location();
	if (await exists(place)) return place;
	const partial = `${place}.${process.pid}`;
	await rm(partial, { recursive: true, force: true });
	await mkdir(partial, { recursive: true });
	try {
		await download(context, partial);
		const unpacked = path.join(partial, `keycloak-${VERSION}`);
		context.progress({ en: 'building it, once', es: 'construyéndolo, una sola vez' });
		await context.execute({
			command: 'sh',
			args: [path.join(unpacked, 'bin/kc.sh'), 'build', ...BUILD_OPTIONS],
			env: { ...toolEnvironment(), ...JAVA_ENVIRONMENT },
			timeoutMs: BUILD_MS,
		});
		await rename(unpacked, place).catch(async (thrown) => {
			if (!(await exists(place))) throw thrown; // another process was faster
		});
		return place;
	} finally {
		await rm(partial, { recursive: true, force: true });
	}
}

async function download(context: LabContext, into: string): Promise<void> {
	const artifact = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`;
	context.progress({
		en: `fetching Keycloak ${VERSION}, 177 MB, once`,
		es: `descargando Keycloak ${VERSION}, 177 MB, una sola vez`,
	});
	// Not in batch mode, in which Maven tells no progress.
	const maven = await context.run({
		name: 'keycloak-maven',
		command: 'mvn',
		args: ['--strict-checksums', 'dependency:unpack', `-Dartifact=${artifact}`, `-DoutputDirectory=${into}`],
		env: toolEnvironment(),
		cwd: into,
	});
	let shown = 0;
	const ended = await Promise.race([
		maven.exited,
		context.until(
			{ en: 'Keycloak fetched', es: 'Que Keycloak se descargue' },
			async () => {
				const megabytes = await fetched(maven.logFile);
				if (megabytes >= shown + 20) {
					shown = megabytes;
					context.progress({ en: `fetched ${megabytes} MB`, es: `descargados ${megabytes} MB` });
				}
				await new Promise((resolve) => setTimeout(resolve, POLL_MS));
				return false;
			},
			{ timeoutMs: DOWNLOAD_MS, process: maven },
		),
	]).finally(() => maven.stop());
	context.signal.throwIfAborted();
	if (ended && ended.code === 0) return;
	const said = await tailOf(maven.logFile);
	throw new HubError(
		'PACKAGES_MISSING',
		context.words({
			en: `Maven could not fetch Keycloak. Where it looks stands in ~/.m2/settings.xml (mirrors, proxies). It said:\n${said}`,
			es: `Maven no pudo descargar Keycloak. Dónde busca figura en ~/.m2/settings.xml (mirrors, proxies). Dijo:\n${said}`,
		}),
	);
}

/** Of the distribution, in MB: the last that Maven told, as in `Progress (1): 12/177 MB`. */
async function fetched(logFile: string): Promise<number> {
	const text = (await readFile(logFile, 'utf8').catch(() => '')).slice(-2_000);
	return Math.floor(
		Number(
			text
				.match(/([\d.]+)\/\d+ MB/g)
				?.at(-1)
				?.split('/')[0] ?? 0,
		),
	);
}

function toolEnvironment(): Record<string, string> {
	const entries = Object.entries(process.env).filter(([name, value]) => TOOL_VARIABLES.test(name) && value);
	return Object.fromEntries(entries) as Record<string, string>;
}

function exists(file: string): Promise<boolean> {
	return access(file).then(
		() => true,
		() => false,
	);
}
