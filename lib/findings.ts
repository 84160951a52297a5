/** Collects what "Test connection" finds. */

export interface Finding<Key extends string = string> {
	key: Key;
	level: 'ok' | 'warning' | 'failed';
	/** For a person. */
	text: { en: string; es: string };
}

export class Findings<Key extends string> {
	readonly list: Finding<Key>[] = [];
	/** Fill the blanks of every text. */
	readonly values: Record<string, string> = {};
	readonly #words: Readonly<Record<Key, Finding['text']>>;

	constructor(words: Readonly<Record<Key, Finding['text']>>) {
		this.#words = words;
	}

	/** Nothing failed. */
	get fine(): boolean {
		return this.list.every(({ level }) => level !== 'failed');
	}

	ok(key: Key, values: Record<string, string> = {}): void {
		this.add(key, 'ok', values);
	}

	warn(key: Key, values: Record<string, string> = {}): void {
		this.add(key, 'warning', values);
	}

	fail(key: Key, values: Record<string, string> = {}): void {
		this.add(key, 'failed', values);
	}

	/** @param values fill the blanks of this text, before those of all */
	add(key: Key, level: Finding['level'], values: Record<string, string>): void {
		const all = { ...this.values, ...values };
		const filled = (text: string) => text.replace(/\{(\w+)\}/g, (whole, name: string) => all[name] ?? whole);
		const { en, es } = this.#words[key];
		this.list.push({ key, level, text: { en: filled(en), es: filled(es) } });
	}
}
