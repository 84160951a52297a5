/** The command line of the demo. */
import { parseArgs } from 'node:util';
import { HubError } from '../lib/errors.ts';
import { type Language, say } from './language.ts';
import type { Text } from './system.ts';

export interface DemoOptions {
	/** Names of systems; empty means all. */
	only: string[];
	portOffset: number;
	fresh: boolean;
	install: boolean;
	host: string;
	help: boolean;
	/** What stands beside the options; empty where nothing may. */
	operands: string[];
}

/** Ports end at 65535 and the highest one of the lab is 25672. */
const MAX_OFFSET = 39_000;

const WRONG = {
	argument: {
		en: '{text}. All arguments: npm run demo -- --help',
		es: 'Argumento incorrecto: {argument}. Todos los argumentos: npm run demo -- --help',
	},
	system: {
		en: '--only {name}: there is no system of that name; there are {names}',
		es: '--only {name}: no hay ningún sistema con ese nombre; hay {names}',
	},
	operand: {
		en: '{value}: there is nothing of that name here; there are {names}',
		es: '{value}: aquí no hay nada con ese nombre; hay {names}',
	},
	offset: {
		en: '--port-offset {value}: it takes a whole number from 0 to {max}',
		es: '--port-offset {value}: se espera un número entero de 0 a {max}',
	},
};

/**
 * Reads the arguments.
 * @param operands what may stand beside the options; default nothing
 * @throws HubError `CONFIG_INVALID` naming the argument
 */
export function parseOptions(
	args: readonly string[],
	systems: readonly string[],
	language: Language,
	operands: readonly string[] = [],
): DemoOptions {
	let values: ReturnType<typeof parse>['values'];
	let positionals: string[];
	try {
		({ values, positionals } = parse(args, operands.length > 0));
	} catch (thrown) {
		// Node.js's own sentence, always English, names the argument; what follows its first full stop is about positional ones.
		const text = (thrown as Error).message.split('. ')[0] ?? '';
		const argument = /'([^']+)'/.exec(text)?.[1] ?? text;
		throw new HubError('CONFIG_INVALID', say(language, WRONG.argument, { text, argument }), { cause: thrown });
	}
	const only = (values.only ?? []).flatMap((list) => list.split(',')).filter((name) => name !== '');
	const unknown = only.find((name) => !systems.includes(name));
	if (unknown !== undefined) {
		throw new HubError('CONFIG_INVALID', say(language, WRONG.system, { name: unknown, names: systems.join(', ') }));
	}
	const foreign = positionals.find((name) => !operands.includes(name));
	if (foreign !== undefined) {
		throw new HubError('CONFIG_INVALID', say(language, WRONG.operand, { value: foreign, names: operands.join(', ') }));
	}
	const portOffset = Number(values['port-offset']);
	if (!Number.isInteger(portOffset) || portOffset < 0 || portOffset > MAX_OFFSET) {
		throw new HubError(
			'CONFIG_INVALID',
			say(language, WRONG.offset, { value: values['port-offset'], max: MAX_OFFSET }),
		);
	}
	return {
		only,
		portOffset,
		fresh: values.fresh,
		install: !values['no-install'],
		host: values.host,
		help: values.help,
		operands: positionals,
	};
}

function parse(args: readonly string[], allowPositionals: boolean) {
	return parseArgs({
		args: [...args],
		allowPositionals,
		options: {
			only: { type: 'string', multiple: true },
			'port-offset': { type: 'string', default: '0' },
			fresh: { type: 'boolean', default: false },
			'no-install': { type: 'boolean', default: false },
			host: { type: 'string', default: '127.0.0.1' },
			help: { type: 'boolean', short: 'h', default: false },
		},
	});
}

/** `{systems}` is the list of names. */
export const HELP: Text = {
	en: `The whole clinic on this machine.

  npm run demo                          everything
  npm run demo -- --only NAME[,NAME]    only these and what they need: {systems}
  npm run demo -- --port-offset N       add N to every port, beside another lab or server
  npm run demo -- --fresh               forget what earlier starts kept, begin anew
  npm run demo -- --no-install          install nothing; stop and name what is missing
  npm run demo -- --host ADDRESS        listen there instead of on 127.0.0.1 (the editor stays on 127.0.0.1)

  LANG=es… speaks Spanish. HUB_LAB_DIR is where the lab keeps its data (default .lab).
  ODOO_SRC=DIRECTORY of Odoo 18's source runs the real Odoo instead of its stand-in.
  Ctrl-C ends it.`,
	es: `La clínica entera en esta máquina.

  npm run demo                            todo
  npm run demo -- --only NOMBRE[,NOMBRE]  solo estos y lo que necesitan: {systems}
  npm run demo -- --port-offset N         suma N a cada puerto, junto a otro laboratorio o servidor
  npm run demo -- --fresh                 olvida lo guardado y empieza de nuevo
  npm run demo -- --no-install            no instala nada; si falta algo, lo nombra y termina
  npm run demo -- --host DIRECCIÓN        escucha ahí y no en 127.0.0.1 (el editor sigue en 127.0.0.1)

  LANG=en… habla inglés. HUB_LAB_DIR es donde el laboratorio guarda sus datos (por omisión, .lab).
  ODOO_SRC=DIRECTORIO con las fuentes de Odoo 18 arranca el Odoo real en lugar de su sustituto.
  Ctrl-C lo termina.`,
};
