/** Waiting for a condition outside of this process. */
import { setTimeout as delay } from 'node:timers/promises';
import { HubError } from '../lib/errors.ts';
import { tailOf } from './children.ts';
import { type Language, say } from './language.ts';
import type { LabProcess } from './system.ts';

/** How long a system may take unless it says otherwise, in ms; a shared two-core machine needs up to 20 s for RabbitMQ. */
const DEFAULT_TIMEOUT_MS = 60_000;

/** Pause between two looks, in ms. */
const POLL_MS = 100;

/** One look may not take longer than this, in ms, so that a mute server does not use up the whole wait. */
const LOOK_TIMEOUT_MS = 5_000;

const LATE = {
	en: '{what} did not come about within {seconds} s.',
	es: '{what}: no ha ocurrido en {seconds} s.',
};
const ENDED = {
	en: '{what} cannot come about: the process has ended ({how}).',
	es: '{what}: ya no puede ocurrir, el proceso ha terminado ({how}).',
};
const LOG = { en: 'Its log is {file} and ends with:', es: 'Su registro es {file} y termina así:' };
const LAST = { en: 'The last attempt said: {text}', es: 'El último intento dijo: {text}' };

export interface UntilOptions {
	/** Default 60,000 ms. */
	timeoutMs?: number;
	/** Whose end makes waiting pointless, and whose log explains a failure. */
	process?: LabProcess;
	signal: AbortSignal;
	language: Language;
}

/** See `LabContext.until`. Throws `TIMEOUT`, or the reason of the signal. */
export async function until<T>(
	what: string,
	check: (signal: AbortSignal) => Promise<T | undefined | false>,
	{ timeoutMs = DEFAULT_TIMEOUT_MS, process, signal, language }: UntilOptions,
): Promise<T> {
	const deadline = Date.now() + timeoutMs;
	let ended: string | undefined;
	void process?.exited.then(({ code, signal: by }) => {
		ended = by ?? `code ${code}`;
	});
	let last: unknown;
	const fail = async (text: { en: string; es: string }, values: Record<string, string | number>): Promise<never> => {
		const parts = [say(language, text, { what, ...values })];
		if (last instanceof Error) parts.push(say(language, LAST, { text: last.message }));
		if (process !== undefined) {
			parts.push(say(language, LOG, { file: process.logFile }), await tailOf(process.logFile));
		}
		throw new HubError('TIMEOUT', parts.join('\n'), { cause: last });
	};
	for (;;) {
		signal.throwIfAborted();
		if (ended !== undefined) await fail(ENDED, { how: ended });
		try {
			const look = AbortSignal.any([signal, AbortSignal.timeout(LOOK_TIMEOUT_MS)]);
			const found = await check(look);
			if (found !== undefined && found !== false) return found;
			last = undefined;
		} catch (thrown) {
			last = thrown;
		}
		signal.throwIfAborted();
		if (Date.now() >= deadline) await fail(LATE, { seconds: Math.round(timeoutMs / 1000) });
		await delay(POLL_MS);
	}
}
