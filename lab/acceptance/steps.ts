/** Runs steps one after the other and prints a line for each: what, whether it holds, how long it took. */
import { toHubError } from '../../lib/errors.ts';
import { type Language, say } from '../language.ts';
import type { Text } from '../system.ts';

export interface StepReport {
	passed: number;
	failed: number;
}

export class Steps {
	readonly #language: Language;
	readonly #print: (line: string) => void;
	readonly report: StepReport = { passed: 0, failed: 0 };

	constructor(language: Language, print: (line: string) => void) {
		this.#language = language;
		this.#print = print;
	}

	/**
	 * Runs one step. What it returns, if a string, is shown behind the line. A throw fails the step and is passed on:
	 * the steps build on each other.
	 */
	async step<T>(title: Text, run: () => Promise<T>, shown?: (result: T) => Text | string): Promise<T> {
		const begin = performance.now();
		const took = () => `${((performance.now() - begin) / 1000).toFixed(2)} s`;
		try {
			const result = await run();
			this.report.passed += 1;
			const more = shown?.(result);
			const text = more === undefined ? '' : `: ${typeof more === 'string' ? more : say(this.#language, more)}`;
			this.#print(`✓ ${say(this.#language, title)}${text}  (${took()})`);
			return result;
		} catch (thrown) {
			this.report.failed += 1;
			const { code, message } = toHubError(thrown);
			this.#print(`✗ ${say(this.#language, title)}  (${took()})\n  ${code}: ${message.replaceAll('\n', '\n  ')}`);
			throw thrown;
		}
	}
}
