/** The documentation of the variables, written from their table. */

import type { Variable } from './variables/variable.ts';
import { VARIABLE_GROUPS } from './variables.ts';
import { BROKER_SIDE, KEYCLOAK_SIDE, ODOO_SIDE } from './variables-elsewhere.ts';

export type DocumentLanguage = 'en' | 'es';

const WORDS = {
	en: {
		title: 'Variables',
		intro: [
			'Everything that differs between machines is set by environment variables. An empty value counts as none.',
			'`NAME_FILE` fills `NAME` with what that file holds, less one newline at its end: so secrets reach a container.',
			'Setting both, or a file that cannot be read, stops the start with a sentence that says so.',
			`Flows read any variable as \`\${NAME}\`.`,
		],
		generated: 'Written from `lib/config/variables/` by `node scripts/documents.ts`.',
		head: ['Variable', 'Default', 'What it does'],
		secret: 'Secret.',
		values: 'Values:',
		none: 'none',
	},
	es: {
		title: 'Variables',
		intro: [
			'Todo lo que cambia de una máquina a otra se fija con variables de entorno. Un valor vacío cuenta como ninguno.',
			'`NOMBRE_FILE` da a `NOMBRE` el contenido de ese archivo, sin el salto de línea final: así llegan los secretos a un contenedor.',
			'Si se fijan ambas, o si el archivo no se puede leer, el arranque se detiene con una frase que lo dice.',
			`Los flujos leen cualquier variable como \`\${NOMBRE}\`.`,
		],
		generated: 'Escrito a partir de `lib/config/variables/` con `node scripts/documents.ts`.',
		head: ['Variable', 'Por defecto', 'Qué hace'],
		secret: 'Secreto.',
		values: 'Valores:',
		none: 'ninguno',
	},
} as const;

/** The whole Markdown file in one language. */
export function variablesDocument(language: DocumentLanguage): string {
	const words = WORDS[language];
	const lines = [`# ${words.title}`, '', ...words.intro, '', words.generated];
	for (const { title, intro, variables } of [...VARIABLE_GROUPS, ODOO_SIDE, BROKER_SIDE, KEYCLOAK_SIDE]) {
		lines.push(
			'',
			`## ${title[language]}`,
			'',
			...(intro ? [intro[language], ''] : []),
			row(words.head),
			row(words.head.map(() => '---')),
		);
		for (const [name, variable] of Object.entries(variables)) {
			lines.push(row([`\`${name}\``, defaultOf(variable, language), meaningOf(variable, language)]));
		}
	}
	return `${lines.join('\n')}\n`;
}

function row(cells: readonly string[]): string {
	return `| ${cells.join(' | ')} |`;
}

function defaultOf(variable: Variable, language: DocumentLanguage): string {
	if (variable.otherwise) return variable.otherwise[language];
	if (variable.kind === 'list' || variable.default === undefined) return WORDS[language].none;
	return `\`${variable.default}\``;
}

function meaningOf(variable: Variable, language: DocumentLanguage): string {
	const words = WORDS[language];
	const values = variable.kind === 'choice' || variable.kind === 'list' ? variable.of : [];
	return [
		variable.text[language],
		...(values.length > 0 ? [`${words.values} ${values.map((value) => `\`${value}\``).join(', ')}.`] : []),
		...(variable.secret ? [words.secret] : []),
	].join(' ');
}
