/** From nothing to a running lab, saying at each step what happens: what the demo and the acceptance test share. */
import { isIP } from 'node:net';
import path from 'node:path';
import { HubError } from '../lib/errors.ts';
import { isLoopback } from '../lib/loopback.ts';
import { isOwnAddress, LOOPBACK, ownAddresses } from './endpoint.ts';
import { Lab, ROOT } from './lab.ts';
import { type Language, say } from './language.ts';
import { ensurePackages, otherWay } from './prerequisites.ts';
import { claim } from './running.ts';
import type { System } from './system.ts';
import { addressTable, sshTunnel } from './table.ts';

export interface BringUpOptions {
	systems: readonly System[];
	portOffset: number;
	fresh: boolean;
	install: boolean;
	host: string;
	language: Language;
	signal: AbortSignal;
	print: (line: string) => void;
	update: (line: string) => void;
}

/** While something is still starting, a line says so this often, in ms. */
const REMINDER_MS = 10_000;

const WORDS = {
	linux: { en: 'The demo needs Linux.', es: 'La demostración necesita Linux.' },
	host: { en: '--host {host}? It takes an IP address.', es: '--host {host}? Se espera una dirección IP.' },
	foreign: {
		en: '--host {host} is no address of this machine; it has {own}.',
		es: '--host {host} no es una dirección de esta máquina; tiene {own}.',
	},
	open: {
		en: 'OPEN: everyone who reaches {host} can use this lab with its well-known passwords, all but the editor.',
		es: 'ABIERTO: quien alcance {host} puede usar este laboratorio con sus contraseñas conocidas; el editor, no.',
	},
	leftovers: {
		en: 'Ended {count} processes that an earlier start, killed, had left.',
		es: 'Se han terminado {count} procesos que dejó un arranque anterior, interrumpido a la fuerza.',
	},
	starting: {
		en: 'Starting: {systems} (data in {directory}, logs in {directory}/log)',
		es: 'Arrancando: {systems} (datos en {directory}, registros en {directory}/log)',
	},
	waiting: { en: '  … still waiting for {systems} ({seconds} s)', es: '  … falta {systems} ({seconds} s)' },
	lost: {
		en: '{name} has ended by itself ({how}); log: {logFile}',
		es: '{name} ha terminado solo ({how}); registro: {logFile}',
	},
	tunnel: {
		en: 'You came by ssh. On the machine in front of you, run this, then open the addresses there:',
		es: 'Ha entrado por ssh. En la máquina que tiene delante ejecute esto y abra allí las direcciones:',
	},
	next: { en: 'Next:', es: 'Y ahora:' },
};

/** The lab's directory as the person would name it. */
export function labDirectory(env: NodeJS.ProcessEnv = process.env): string {
	return path.resolve(env.HUB_LAB_DIR ?? path.join(ROOT, '.lab'));
}

/**
 * Installs, cleans up, checks the ports and starts. When it throws, nothing that it started runs any more.
 * Throws `CONFIG_INVALID`, `LAB_RUNNING`, `PACKAGES_MISSING`, `PORT_TAKEN`, `TIMEOUT`, `CANCELLED`.
 */
export async function bringUp(options: BringUpOptions): Promise<Lab> {
	const { systems, language, print, signal, host } = options;
	const directory = labDirectory();
	if (process.platform !== 'linux') {
		throw new HubError('CONFIG_INVALID', [say(language, WORDS.linux), ...otherWay(language)].join(' '));
	}
	if (isIP(host) === 0) throw new HubError('CONFIG_INVALID', say(language, WORDS.host, { host }));
	if (!isOwnAddress(host)) {
		const own = ownAddresses().join(', ') || LOOPBACK;
		throw new HubError('CONFIG_INVALID', say(language, WORDS.foreign, { host, own }));
	}
	await claim(directory, language);
	await ensurePackages(systems, { ...options, directory });
	signal.throwIfAborted();
	const lab = await Lab.open({
		systems,
		directory,
		ports: options.portOffset,
		host,
		fresh: options.fresh,
		language,
		log: { debug() {}, info() {}, warn: print, error: print },
		progress: (system, text) => print(`  · ${system}: ${text}`),
	});
	const cancel = () => void lab.stop();
	signal.addEventListener('abort', cancel, { once: true });
	try {
		if (lab.leftovers > 0) print(say(language, WORDS.leftovers, { count: lab.leftovers }));
		await lab.checkPorts();
		if (!isLoopback(host)) print(say(language, WORDS.open, { host }));
		await startWatched(lab, options);
		lab.children.onLoss = (loss) => print(say(language, WORDS.lost, { ...loss }));
		await lab.publish();
		return lab;
	} catch (thrown) {
		await lab.stop();
		throw thrown;
	} finally {
		signal.removeEventListener('abort', cancel);
	}
}

async function startWatched(lab: Lab, { language, print }: BringUpOptions): Promise<void> {
	const waiting = new Set(lab.systems.map(({ name }) => name));
	const width = Math.max(...[...waiting].map((name) => name.length));
	const relative = path.relative(process.cwd(), lab.directory);
	const directory = relative.startsWith('..') ? lab.directory : relative;
	print(say(language, WORDS.starting, { systems: [...waiting].join(', '), directory }));
	const begin = performance.now();
	const reminder = setInterval(() => {
		const seconds = ((performance.now() - begin) / 1000).toFixed(0);
		print(say(language, WORDS.waiting, { systems: [...waiting].join(', '), seconds }));
	}, REMINDER_MS);
	try {
		await lab.start(({ name }) => {
			waiting.delete(name);
			print(`  ✓ ${name.padEnd(width)}  ${((performance.now() - begin) / 1000).toFixed(1)} s`);
		});
	} finally {
		clearInterval(reminder);
	}
}

/** The closing text: table, tunnel, what to do next. */
export function closingText(lab: Lab, language: Language): string {
	const { addresses } = lab;
	const parts = [addressTable(addresses, language)];
	const tunnel = sshTunnel(lab.ports);
	if (tunnel !== undefined) parts.push(`${say(language, WORDS.tunnel)}\n  ${tunnel}`);
	const hints = addresses.filter(({ hint }) => hint !== undefined);
	if (hints.length > 0) {
		const lines = hints.map(({ hint, url }, index) => {
			return `  ${index + 1}. ${url}  ${say(language, hint as NonNullable<typeof hint>)}`;
		});
		parts.push([say(language, WORDS.next), ...lines].join('\n'));
	}
	return parts.join('\n\n');
}
