/** Sees to it that the packages the chosen systems need are there, or says exactly how to get them. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { HubError } from '../lib/errors.ts';
import { install, updateLists } from './apt.ts';
import { ROOT } from './lab.ts';
import { type Language, say } from './language.ts';
import { instructionFor } from './package-managers.ts';
import { hasApt, missingPackages, type Plan, planOf } from './packages.ts';
import { missingPrograms } from './programs.ts';
import type { System } from './system.ts';

/** What of a system counts here. */
export type Needs = Pick<System, 'packages' | 'commands' | 'modules'>;

export interface PrerequisiteOptions {
	/** False with `--no-install`. */
	install: boolean;
	directory: string;
	language: Language;
	signal: AbortSignal;
	print: (line: string) => void;
	/** Rewrites the last line of a terminal; elsewhere nothing. */
	update: (line: string) => void;
}

const WORDS = {
	will: { en: 'To be installed from Debian:', es: 'Se instalará de Debian:' },
	needs: {
		en: '  with what they need: {archives} packages, {download} to fetch, {disk} on disk',
		es: '  con lo que necesitan: {archives} paquetes, {download} por descargar, {disk} en disco',
	},
	services: {
		en: '  Their services are neither started nor enabled at boot.',
		es: '  Sus servicios ni se inician ni se activan en el arranque.',
	},
	lists: { en: 'Refreshing the package lists …', es: 'Actualizando las listas de paquetes …' },
	fetch: { en: 'Fetching', es: 'Descargando' },
	install: { en: 'Installing', es: 'Instalando' },
	installed: { en: 'Installed in {seconds} s.', es: 'Instalado en {seconds} s.' },
	refused: { en: 'Not installed, because of --no-install: {names}', es: 'No se instala, por --no-install: {names}' },
	missing: { en: 'Missing on this machine: {names}', es: 'Faltan en esta máquina: {names}' },
	byHand: { en: 'Install them with', es: 'Instálelos con' },
	asRoot: {
		en: 'and start again, or start as root.',
		es: 'y arranque otra vez, o arranque como root.',
	},
	again: { en: 'and start again.', es: 'y arranque otra vez.' },
	needed: {
		en: 'These programs must be on the PATH (python3-… are modules of Python): {names}',
		es: 'Estos programas deben estar en el PATH (python3-… son módulos de Python): {names}',
	},
	docker: { en: 'The other way, with Docker: docker compose up', es: 'La otra vía, con Docker: docker compose up' },
	unknown: { en: 'apt does not know {names}.', es: 'apt no conoce {names}.' },
};

/** Throws `PACKAGES_MISSING` naming them where it may not or cannot install. */
export async function ensurePackages(systems: readonly Needs[], options: PrerequisiteOptions): Promise<void> {
	const { language } = options;
	const refuse = (...lines: string[]): never => {
		throw new HubError('PACKAGES_MISSING', lines.join('\n'));
	};
	if (!(await hasApt())) {
		const names = await missingPrograms(systems);
		if (names.length === 0) return;
		refuse(say(language, WORDS.missing, { names: names.join(', ') }), ...(await elsewhere(names, language)));
	}
	const names = await missingPackages([...new Set(systems.flatMap((system) => system.packages ?? []))]);
	if (names.length === 0) return;
	const list = names.join(', ');
	if (!options.install) refuse(say(language, WORDS.refused, { names: list }), ...byHand(names, language));
	let plan = await planOf(names);
	if (process.getuid?.() !== 0) {
		refuse(say(language, WORDS.missing, { names: list }), ...describe(plan, language), ...byHand(names, language));
	}
	await mkdir(options.directory, { recursive: true });
	if (plan === undefined) {
		options.print(say(language, WORDS.lists));
		await updateLists(options.directory, options.signal);
		plan = await planOf(names);
	}
	if (plan === undefined) refuse(say(language, WORDS.unknown, { names: list }));
	options.print(say(language, WORDS.will));
	for (const line of describe(plan, language)) options.print(line);
	options.print(say(language, WORDS.services));
	const begin = performance.now();
	let shown = '';
	await install(names, options.directory, options.signal, ({ phase, percent }) => {
		const line = `  ${say(language, WORDS[phase])} … ${Math.floor(percent / 10) * 10} %`;
		if (line !== shown) options.update(line);
		shown = line;
	});
	const seconds = ((performance.now() - begin) / 1000).toFixed(0);
	options.print(say(language, WORDS.installed, { seconds }));
}

function byHand(names: readonly string[], language: Language): string[] {
	return [
		`${say(language, WORDS.byHand)}`,
		`  sudo apt-get install --no-install-recommends ${names.join(' ')}`,
		say(language, WORDS.asRoot),
		...otherWay(language),
	];
}

/** Elsewhere than on Debian: the command of the package manager that is here, and what it does not bring. */
async function elsewhere(programs: readonly string[], language: Language): Promise<string[]> {
	const { command, left } = await instructionFor(programs);
	const needed = left.length > 0 ? [say(language, WORDS.needed, { names: left.join(', ') })] : [];
	const install = command ? [say(language, WORDS.byHand), `  ${command}`, say(language, WORDS.again)] : [];
	return [...install, ...needed, ...otherWay(language)];
}

/** The sentence about Docker, in a checkout that has what it takes. */
export function otherWay(language: Language, root = ROOT): string[] {
	return existsSync(path.join(root, 'compose.yaml')) ? [say(language, WORDS.docker)] : [];
}

function describe(plan: Plan | undefined, language: Language): string[] {
	if (plan === undefined) return [];
	const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
	const width = Math.max(...plan.wanted.map(({ name }) => name.length));
	return [
		...plan.wanted.map(({ name, bytes }) =>
			bytes === undefined ? `  ${name}` : `  ${name.padEnd(width)}  ${megabytes(bytes).padStart(8)}`,
		),
		say(language, WORDS.needs, {
			archives: plan.archives,
			download: megabytes(plan.downloadBytes),
			disk: plan.onDisk,
		}),
	];
}
