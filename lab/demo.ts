/** `npm run demo`: the whole clinic on this machine until Ctrl-C. */
import { setTimeout as delay } from 'node:timers/promises';
import { HubError, toHubError } from '../lib/errors.ts';
import { bringUp, closingText } from './bring-up.ts';
import type { Lab } from './lab.ts';
import { languageOf, say } from './language.ts';
import { HELP, parseOptions } from './options.ts';
import { allSystems, chosenSystems } from './systems.ts';
import { terminal } from './terminal.ts';

const WORDS = {
	running: { en: 'It runs until Ctrl-C.', es: 'Funciona hasta que pulse Ctrl-C.' },
	ending: { en: 'Ending …', es: 'Terminando …' },
	ended: { en: 'Ended.', es: 'Terminado.' },
};

/** Ctrl-C within this time, in ms, of another is the same one, seen by the terminal's whole group and passed on by npm. */
const SAME_SIGNAL_MS = 500;

const language = languageOf();
const { print, update } = terminal();
const abort = new AbortController();
let lab: Lab | undefined;

/** Resolves with the first signal to end; a second one ends at once whatever is left. */
function endOnSignal(): Promise<void> {
	return new Promise((resolve) => {
		let first = 0;
		for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
			process.on(signal, () => {
				if (first === 0) {
					first = Date.now();
					print(`\n${say(language, WORDS.ending)}`);
					abort.abort(new HubError('CANCELLED', say(language, WORDS.ended)));
					resolve();
				} else if (Date.now() - first > SAME_SIGNAL_MS) {
					void (lab?.children.endAll(0) ?? delay(0)).finally(() => process.exit(1));
				}
			});
		}
	});
}

async function main(): Promise<number> {
	const systems = allSystems();
	const options = parseOptions(
		process.argv.slice(2),
		systems.map(({ name }) => name),
		language,
	);
	if (options.help) {
		print(say(language, HELP, { systems: systems.map(({ name }) => name).join(', ') }));
		return 0;
	}
	const signalled = endOnSignal();
	const chosen = chosenSystems(systems, options.only);
	lab = await bringUp({ ...options, systems: chosen, language, signal: abort.signal, print, update });
	print(`\n${closingText(lab, language)}\n\n${say(language, WORDS.running)}`);
	await signalled;
	await lab.stop();
	print(say(language, WORDS.ended));
	return 0;
}

try {
	process.exitCode = await main();
} catch (thrown) {
	const { code, message } = toHubError(thrown);
	const cancelled = code === 'CANCELLED' && abort.signal.aborted;
	print(cancelled ? say(language, WORDS.ended) : message);
	process.exitCode = cancelled ? 0 : 1;
}
process.exit();
