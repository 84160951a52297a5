/** The documentation of personal data in the store, written from its table. */

import { PERSONAL_DATA } from './personal-data.ts';

const WORDS = {
	en: {
		title: 'Personal data',
		intro: [
			'What the store (SQLite or PostgreSQL) keeps about people, and for how long. Once a day what has reached its age is',
			'blanked, in every table, whether its nodes still run or not; ids, states and times stay, so that counts and links',
			'stay true. Where the table says "whole row" nothing is left.',
			'',
			'Elsewhere: a mail waits in RabbitMQ, parked ones until a person decides; the queues themselves have no age.',
		],
		head: ['Table', 'Columns', 'Days', 'Counted from', 'Set by', 'What it is'],
		row: 'whole row',
		fixed: 'fixed',
	},
	es: {
		title: 'Datos personales',
		intro: [
			'Lo que el almacén (SQLite o PostgreSQL) guarda sobre personas y durante cuánto tiempo. Una vez al día se vacía lo que',
			'ha cumplido su plazo, en todas las tablas, sigan o no en marcha sus nodos; ids, estados y horas permanecen, para que',
			'los recuentos y los enlaces sigan siendo ciertos. Donde la tabla dice «fila completa» no queda nada.',
			'',
			'En otra parte: un correo espera en RabbitMQ y, aparcado, hasta que una persona decida; las colas no tienen plazo.',
		],
		head: ['Tabla', 'Columnas', 'Días', 'Contados desde', 'Se fija con', 'Qué es'],
		row: 'fila completa',
		fixed: 'fijo',
	},
} as const;

/** The whole Markdown file in one language. */
export function personalDataDocument(language: 'en' | 'es'): string {
	const { title, intro, head, row, fixed } = WORDS[language];
	const rows = PERSONAL_DATA.map(({ table, blank, days, timeColumn, variable, text }) => [
		`\`${table}\``,
		blank === 'row' ? row : blank.map((column) => `\`${column}\``).join(', '),
		String(days),
		`\`${timeColumn}\``,
		variable ? `\`${variable}\`` : fixed,
		text[language],
	]);
	const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
	return [`# ${title}`, '', ...intro, '', ...lines, ''].join('\n');
}
