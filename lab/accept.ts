/**
 * `npm run accept [-- backup | mail]`: the acceptance tests, step by step, against the lab on this machine (started if it
 * does not run) or, where HUB_URL is set, against the deployment that the variables name. Ends with 0 when every step
 * holds. A lab that it starts takes the demo's arguments.
 */
import { readVariables } from '../lib/config/read.ts';
import { HubError, toHubError } from '../lib/errors.ts';
import { AGE_NEEDS } from './acceptance/age.ts';
import { acceptBackup } from './acceptance/backup.ts';
import { acceptMessaging } from './acceptance/messaging.ts';
import { Steps } from './acceptance/steps.ts';
import { namesDeployment, TESTS, type TestName, targetsFrom } from './acceptance/target.ts';
import { bringUp, labDirectory } from './bring-up.ts';
import type { Lab } from './lab.ts';
import { languageOf, say } from './language.ts';
import { type DemoOptions, parseOptions } from './options.ts';
import { ensurePackages } from './prerequisites.ts';
import { runningLab } from './running.ts';
import { allSystems } from './systems.ts';
import { terminal } from './terminal.ts';

const WORDS = {
	deployment: { en: 'Against the deployment {url}', es: 'Contra el despliegue {url}' },
	lab: { en: 'Against the lab that runs (process {pid})', es: 'Contra el laboratorio en marcha (proceso {pid})' },
	own: {
		en: 'No lab runs: one is started for this test.',
		es: 'No hay laboratorio en marcha: se arranca uno para la prueba.',
	},
	starting: {
		en: 'The lab is still starting (process {pid}): wait for its table of addresses.',
		es: 'El laboratorio aún está arrancando (proceso {pid}): espere a su tabla de direcciones.',
	},
	help: {
		en: `Walks through the acceptance tests.

  npm run accept              both
  npm run accept -- backup    backups: by hand and by schedule into the folder, and restored from there
  npm run accept -- mail      purchase mail: from the confirmation to the inbox

  A lab that it starts takes the arguments of the demo: npm run demo -- --help`,
		es: `Recorre las pruebas de aceptación.

  npm run accept              ambas
  npm run accept -- backup    copias de seguridad: a mano y por horario a la carpeta, y restauradas desde ella
  npm run accept -- mail      correo de compras: de la confirmación al buzón

  Si arranca un laboratorio, este admite los argumentos de la demo: npm run demo -- --help`,
	},
	backup: { en: 'Backups', es: 'Copias de seguridad' },
	mail: { en: 'Purchase mail', es: 'Correo de compras' },
	ended: { en: 'Ended.', es: 'Terminado.' },
	passed: { en: '{passed} steps hold.', es: '{passed} pasos se cumplen.' },
	failed: { en: '{passed} steps hold, then one fails.', es: '{passed} pasos se cumplen; el siguiente falla.' },
};

const language = languageOf();
const { print, update } = terminal();
const abort = new AbortController();
let ownLab: Lab | undefined;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
	process.once(signal, () => abort.abort(new HubError('CANCELLED', say(language, WORDS.ended))));
}

/** The variables of what is accepted. */
async function variables(
	options: DemoOptions,
	tests: readonly TestName[],
): Promise<Record<string, string | undefined>> {
	if (tests.includes('backup')) {
		const prerequisites = { install: options.install, directory: labDirectory(), language, signal: abort.signal };
		await ensurePackages([AGE_NEEDS], { ...prerequisites, print, update });
	}
	if (namesDeployment(process.env)) {
		print(say(language, WORDS.deployment, { url: process.env.HUB_URL ?? '' }));
		// `X_FILE` fills `X` here as in the hub.
		return { ...process.env, ...readVariables(process.env).additions };
	}
	const running = await runningLab(labDirectory());
	if (running?.ready) {
		print(say(language, WORDS.lab, { pid: running.owner.pid }));
		return running.variables;
	}
	if (running !== undefined) {
		throw new HubError('LAB_RUNNING', say(language, WORDS.starting, { pid: running.owner.pid }));
	}
	print(say(language, WORDS.own));
	ownLab = await bringUp({ ...options, systems, language, signal: abort.signal, print, update });
	return ownLab.variables;
}

const systems = allSystems();
const steps = new Steps(language, print);
try {
	const names = systems.map(({ name }) => name);
	const options = parseOptions(process.argv.slice(2), names, language, TESTS);
	if (options.help) {
		print(say(language, WORDS.help));
		process.exit();
	}
	const tests = TESTS.filter((name) => options.operands.length === 0 || options.operands.includes(name));
	const lab = !namesDeployment(process.env);
	const { backup, mail } = targetsFrom(await variables(options, tests), { tests, lab, language });
	const scenario = { steps, language, signal: abort.signal };
	if (backup) {
		print(`\n${say(language, WORDS.backup)}`);
		await acceptBackup({ target: backup, ...scenario });
	}
	if (mail) {
		print(`\n${say(language, WORDS.mail)}`);
		await acceptMessaging({ target: mail, ...scenario });
	}
	print(`\n${say(language, WORDS.passed, { ...steps.report })}`);
} catch (thrown) {
	// A step that failed has printed its own reason.
	if (steps.report.failed === 0) print(toHubError(thrown).message);
	else print(`\n${say(language, WORDS.failed, { ...steps.report })}`);
	process.exitCode = 1;
}
await ownLab?.stop();
process.exit();
