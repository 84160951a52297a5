/** A dry run, line by line, for the person who sets it up. */
import type { RunReport } from './report.ts';
import { countKinds } from './told.ts';
import { conflictText, holdText, kindText, type Language, limitText, warningText } from './words.ts';

export interface DryRunFinding {
	level: 'ok' | 'warning' | 'failed';
	text: Record<Language, string>;
}

/** Conflicts that are named; the others are counted. */
const NAMED = 5;

const WORDS = {
	busy: { en: 'Another run works; try again in a moment.', es: 'Otra ejecución trabaja; inténtelo en un momento.' },
	scope: {
		en: '{inScope} of {users} users of the realm get an account of Odoo; {linked} accounts follow now.',
		es: '{inScope} de {users} usuarios del realm tienen cuenta en Odoo; ahora siguen {linked} cuentas.',
	},
	nobody: {
		en: 'Nobody is in the scope: every account that follows would leave.',
		es: 'Nadie está en el alcance: saldrían todas las cuentas que siguen.',
	},
	addon: {
		en: 'Odoo has the addon clinic_sso. Its table of roles counts (entries: {entries}; Settings, OAuth Providers), not the one of this node.',
		es: 'Odoo tiene el módulo clinic_sso. Vale su tabla de roles (entradas: {entries}; Ajustes, Proveedores OAuth), no la de este nodo.',
	},
	stock: {
		en: 'Odoo has no addon clinic_sso: the table of this node counts (entries: {entries}).',
		es: 'Odoo no tiene el módulo clinic_sso: vale la tabla de este nodo (entradas: {entries}).',
	},
	nothing: { en: 'Nothing would be changed.', es: 'No se cambiaría nada.' },
	now: { en: 'At once: {kinds}.', es: 'De inmediato: {kinds}.' },
	held: { en: 'Waits for a person: {kinds} ({why}).', es: 'Espera a una persona: {kinds} ({why}).' },
	more: { en: '{count} more are not done for such reasons.', es: 'Otros {count} no se hacen por motivos así.' },
};

export function dryRunFindings(report: RunReport): DryRunFinding[] {
	const { busy, counts, table, now, heldLines, conflicts, warnings, limits } = report;
	if (busy) return [{ level: 'warning', text: WORDS.busy }];
	const findings: DryRunFinding[] = [];
	const add = (level: DryRunFinding['level'], text: (language: Language) => string) =>
		findings.push({ level, text: { en: text('en'), es: text('es') } });
	if (counts) {
		add('ok', (language) => filled(WORDS.scope[language], counts));
		if (counts.inScope === 0) add('failed', (language) => WORDS.nobody[language]);
	}
	if (table) add('ok', (language) => filled(WORDS[table.from === 'odoo' ? 'addon' : 'stock'][language], table));
	for (const limit of limits) add('warning', (language) => limitText(limit, language));
	for (const warning of warnings) add('warning', (language) => warningText(warning, language));
	if (now.length + heldLines.length === 0) add('ok', (language) => WORDS.nothing[language]);
	if (now.length > 0) add('ok', (language) => filled(WORDS.now[language], { kinds: kindsOf(now, language) }));
	const held = Map.groupBy(heldLines, ({ reasons }) => reasons.join(' '));
	for (const lines of held.values()) {
		add('warning', (language) =>
			filled(WORDS.held[language], {
				kinds: kindsOf(
					lines.map(({ line }) => line),
					language,
				),
				why: holdText(lines[0]?.reasons ?? [], language),
			}),
		);
	}
	for (const conflict of conflicts.slice(0, NAMED)) add('warning', (language) => conflictText(conflict, language));
	const rest = conflicts.length - NAMED;
	if (rest > 0) add('warning', (language) => filled(WORDS.more[language], { count: rest }));
	return findings;
}

function kindsOf(lines: Parameters<typeof countKinds>[0], language: Language): string {
	return Object.entries(countKinds(lines))
		.map(([kind, count]) => `${kindText(kind as 'archive', language)}: ${count}`)
		.join('; ');
}

function filled(text: string, values: Record<string, string | number>): string {
	return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
