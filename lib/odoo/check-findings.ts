/** Collects what "Test connection" finds. */
import { CHECK_WORDS, type CheckKey } from './check-words.ts';

export interface Finding {
	key: CheckKey;
	level: 'ok' | 'warning' | 'failed';
	/** For a person. */
	text: { en: string; es: string };
}

export class Findings {
	readonly list: Finding[] = [];

	/** Nothing failed. */
	get fine(): boolean {
		return this.list.every(({ level }) => level !== 'failed');
	}

	ok(key: CheckKey, values: Record<string, string> = {}): void {
		this.add(key, 'ok', values);
	}

	warn(key: CheckKey, values: Record<string, string> = {}): void {
		this.add(key, 'warning', values);
	}

	fail(key: CheckKey, values: Record<string, string> = {}): void {
		this.add(key, 'failed', values);
	}

	/** @param values fill the blanks of the text */
	add(key: CheckKey, level: Finding['level'], values: Record<string, string>): void {
		const filled = (text: string) => text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
		const { en, es } = CHECK_WORDS[key];
		this.list.push({ key, level, text: { en: filled(en), es: filled(es) } });
	}
}
