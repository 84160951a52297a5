/** What a command shows: lines and bars for a person, one JSON object for a program. */

import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { CommandError } from './command.ts';

export interface Text {
	en: string;
	es: string;
}

export type Language = keyof Text;

/** The streams of the process, or those of a test. */
export interface Streams {
	input: Readable & { isTTY?: boolean; setRawMode?: (on: boolean) => unknown };
	output: Writable;
	errors: Writable & { isTTY?: boolean; columns?: number };
}

export interface TerminalOptions {
	language: Language;
	json: boolean;
}

const BAR_CELLS = 24;

/** Between two pictures of a bar, in ms: the eye sees no more, and a serial console takes no more. */
const DRAW_MS = 100;

export class Terminal {
	readonly language: Language;
	readonly json: boolean;
	readonly #streams: Streams;
	#drawn = 0;
	#bar = false;

	constructor(streams: Streams, { language, json }: TerminalOptions) {
		this.#streams = streams;
		this.language = language;
		this.json = json;
	}

	text(text: Text): string {
		return text[this.language];
	}

	/** A line for a person; nothing with `--json`. */
	say(text: Text | string): void {
		if (!this.json) this.help(typeof text === 'string' ? text : this.text(text));
	}

	/** What a person asked for; also with `--json`. */
	help(text: string): void {
		this.#clear();
		this.#streams.output.write(`${plain(text)}\n`);
	}

	/** A line beside the result, also with `--json`. */
	warn(text: Text | string): void {
		this.#clear();
		this.#streams.errors.write(`${plain(typeof text === 'string' ? text : this.text(text))}\n`);
	}

	/** The result for a program; nothing without `--json`. Called once. */
	result(value: Readonly<Record<string, unknown>>): void {
		this.#clear();
		if (this.json) this.#streams.output.write(`${JSON.stringify(value)}\n`);
	}

	/** On a terminal only, and not with `--json`. @param total 0 when it is not known */
	progress(phase: Text, bytes: number, total: number, now = performance.now()): void {
		const { errors } = this.#streams;
		if (this.json || !errors.isTTY || (now - this.#drawn < DRAW_MS && bytes < total)) return;
		this.#drawn = now;
		this.#bar = true;
		const share = total > 0 ? Math.min(1, bytes / total) : 0;
		const cells = Math.round(share * BAR_CELLS);
		const bar = total > 0 ? `[${'#'.repeat(cells)}${'·'.repeat(BAR_CELLS - cells)}] ${Math.floor(share * 100)} % ` : '';
		const line = `${this.text(phase)} ${bar}${bytesText(bytes, this.language)}`;
		errors.write(`\r\u001b[K${line.slice(0, (errors.columns ?? 80) - 1)}`);
	}

	/** Typed by a person, or the first line of what is piped in; not shown while typed. @throws HubError `CANCELLED` */
	async askSecret(question: Text): Promise<string> {
		return this.#ask(question, true);
	}

	/** @throws HubError `CANCELLED` */
	async ask(question: Text): Promise<string> {
		return this.#ask(question, false);
	}

	async #ask(question: Text, hidden: boolean): Promise<string> {
		this.#clear();
		const { input, errors } = this.#streams;
		const terminal = input.isTTY === true;
		if (terminal) errors.write(`${this.text(question)} `);
		// Without an output the interface echoes nothing.
		const lines = createInterface(hidden ? { input, terminal } : { input, output: errors, terminal });
		try {
			return await new Promise<string>((resolve, reject) => {
				const stop = () =>
					reject(new CommandError('CANCELLED', { en: 'Nothing was typed.', es: 'No se escribió nada.' }));
				lines.once('line', resolve);
				lines.once('SIGINT', stop);
				lines.once('close', stop);
			});
		} finally {
			lines.close();
			if (terminal && hidden) errors.write('\n');
		}
	}

	#clear(): void {
		if (this.#bar) this.#streams.errors.write('\r\u001b[K');
		this.#bar = false;
	}
}

/** Names of files in Drive and words of servers are anybody's: none moves the cursor, hides a line or turns its direction. */
function plain(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: it is they that are taken out
	return text.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd');
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `1.4 GiB`, in Spanish with a comma. */
export function bytesText(bytes: number, language: Language): string {
	let value = bytes;
	let unit = 0;
	while (value >= 1_024 && unit < UNITS.length - 1) {
		value /= 1_024;
		unit += 1;
	}
	const digits = unit === 0 || value >= 100 ? 0 : 1;
	return `${value.toLocaleString(language, { maximumFractionDigits: digits, minimumFractionDigits: digits })} ${UNITS[unit]}`;
}

/** By the variables that every program follows (POSIX, "Environment Variables", 8.2). */
export function languageOf(environment: Readonly<Record<string, string | undefined>>): Language {
	const set = environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || '';
	return /^es([_.@-]|$)/i.test(set) ? 'es' : 'en';
}
