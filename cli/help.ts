/** The help, in both languages. */

import type { Command } from './command.ts';
import { EXIT_WORDS } from './exit.ts';
import type { Language } from './terminal.ts';

const WORDS = {
	en: {
		usage: 'Usage',
		commands: 'Commands',
		options: 'Options',
		exit: 'Exit codes',
		command: 'COMMAND',
		more: 'more about a command',
	},
	es: {
		usage: 'Uso',
		commands: 'Órdenes',
		options: 'Opciones',
		exit: 'Códigos de salida',
		command: 'ORDEN',
		more: 'más sobre una orden',
	},
};

const COMMON_HELP = {
	'--json': { en: 'One JSON object instead of text.', es: 'Un objeto JSON en vez de texto.' },
	'--help': { en: 'This text.', es: 'Este texto.' },
};

const ABOUT = {
	en: 'Backups and users of the clinic without the editor. Addresses and keys come from the variables of the hub (docs/variables.md).\nThe worst day: docs/restore.md.',
	es: 'Copias de seguridad y usuarios de la clínica sin el editor. Direcciones y claves vienen de las variables del hub (docs/variables.es.md).\nEl peor día: docs/restore.es.md.',
};

export function overview(commands: readonly Command[], language: Language): string {
	const words = WORDS[language];
	const width = Math.max(...commands.map(({ name }) => name.length));
	const lines = commands.map(({ name, help }) => `  ${name.padEnd(width)}  ${help[language]}`);
	return [
		`${words.usage}: clinic-hub ${words.command} […]   (${words.more}: clinic-hub ${words.command} --help)`,
		'',
		ABOUT[language],
		'',
		`${words.commands}:`,
		...lines,
		'',
		...exitLines(language),
	].join('\n');
}

export function commandHelp(command: Command, language: Language): string {
	const words = WORDS[language];
	const options: [string, string][] = [
		...Object.entries(command.options).map(([name, option]): [string, string] => [
			`--${name}${option.value ? ` ${option.value}` : ''}`,
			option.help[language],
		]),
		...Object.entries(COMMON_HELP).map(([name, help]): [string, string] => [name, help[language]]),
	];
	const width = Math.max(...options.map(([name]) => name.length));
	const usage = ['clinic-hub', command.name, command.operands, '[…]'].filter(Boolean).join(' ');
	return [
		`${words.usage}: ${usage}`,
		'',
		command.help[language],
		'',
		`${words.options}:`,
		...options.map(([name, help]) => `  ${name.padEnd(width)}  ${help}`),
		'',
		...exitLines(language),
	].join('\n');
}

function exitLines(language: Language): string[] {
	const lines = Object.entries(EXIT_WORDS).map(([code, text]) => `  ${code.padStart(3)}  ${text[language]}`);
	return [`${WORDS[language].exit}:`, ...lines];
}
