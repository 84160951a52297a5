/** Reports and held plans for flows and people: plain JSON, words in both languages. */
import type { HeldLine, HoldReason } from './guards.ts';
import type { HeldPlan } from './held-plans.ts';
import type { Line } from './model.ts';
import type { RunReport } from './report.ts';
import {
	conflictText,
	holdText,
	holdTitle,
	type Language,
	limitText,
	lineText,
	warningText,
	whatText,
} from './words.ts';

/** Lines that a message names; the numbers count all. */
const LINES_TOLD = 500;
/** Lines that fit into a notice that is read on a telephone. */
const LINES_IN_NOTICE = 20;

const LANGUAGES = ['es', 'en'] as const;

type Text = Record<Language, string>;

const both = (text: (language: Language) => string): Text => ({ en: text('en'), es: text('es') });

export interface LineTold {
	user: string;
	kind: Line['kind'];
	/** Keycloak's id, Odoo's id (0 for a new one). */
	subject: string;
	account: number;
	what: Text;
}

const lineTold = (line: Line): LineTold => ({
	...{ user: line.login, kind: line.kind, subject: line.subject, account: line.account },
	what: both((language) => whatText(line, language)),
});

export interface HeldTold {
	id: string;
	hash: string;
	createdAt: string;
	lines: (LineTold & { reasons: HoldReason[]; held: Text })[];
}

export function heldTold({ id, hash, createdAt, lines }: HeldPlan): HeldTold {
	return {
		...{ id, hash, createdAt: new Date(createdAt).toISOString() },
		lines: lines.map(({ line, reasons }) => ({
			...lineTold(line),
			reasons,
			held: both((language) => holdText(reasons, language)),
		})),
	};
}

/** What a flow gets of a run. */
export function reportTold(report: RunReport): Record<string, unknown> {
	const { mode, dryRun, busy, cancelled, now, done, failed, skipped, heldLines, conflicts, warnings, limits } = report;
	const lines = dryRun ? now : done;
	return {
		...{ mode, dryRun, busy, cancelled, scope: report.counts, table: report.table },
		counts: {
			...{ done: done.length, wouldDo: dryRun ? now.length : 0, failed: failed.length, skipped: skipped.length },
			...{ held: heldLines.length, conflicts: conflicts.length, kinds: countKinds(lines) },
		},
		lines: lines.slice(0, LINES_TOLD).map(lineTold),
		failed: failed.slice(0, LINES_TOLD).map(({ line, text }) => ({ ...lineTold(line), text })),
		held: heldLines.slice(0, LINES_TOLD).map(({ line, reasons }) => ({
			...lineTold(line),
			held: both((language) => holdText(reasons, language)),
		})),
		conflicts: conflicts.slice(0, LINES_TOLD).map((conflict) => ({
			...{ user: conflict.login, reason: conflict.reason },
			text: both((language) => conflictText(conflict, language)),
		})),
		warnings: warnings.map((warning) => ({
			code: warning.code,
			text: both((language) => warningText(warning, language)),
		})),
		limits: limits.map((limit) => ({ code: limit, text: both((language) => limitText(limit, language)) })),
	};
}

export function countKinds(lines: readonly Line[]): Record<string, number> {
	return Object.fromEntries([...Map.groupBy(lines, ({ kind }) => kind)].map(([kind, { length }]) => [kind, length]));
}

const SUBJECT: Text = {
	en: 'Users of Odoo: changes wait for a decision',
	es: 'Usuarios de Odoo: hay cambios que esperan una decisión',
};

const INTRO: Text = {
	en: 'What Keycloak asks for and what is not done without a person:',
	es: 'Lo que pide Keycloak y no se hace sin una persona:',
};

const WHERE: Text = {
	en: 'Where to decide: in the flow editor, sidebar “Clinic hub”, part “Users”; or on the server by: clinic-hub identity plans. No mail and no link approves anything.',
	es: 'Dónde decidir: en el editor de flujos, barra lateral «Hub de la clínica», apartado «Usuarios»; o en el servidor con: clinic-hub identity plans. Ningún correo ni enlace aprueba nada.',
};

const MORE: Text = { en: 'and {count} more', es: 'y {count} más' };

/** As a `notice` node takes it. The subject says why, without numbers: the same alarm has the same subject. */
export function heldNotice({ lines }: Pick<HeldPlan, 'lines'>): { subject: string; text: string; severity: 'warning' } {
	const reasons = [...new Set(lines.flatMap((held) => held.reasons))].sort();
	const subject = LANGUAGES.map(
		(language) => `${SUBJECT[language]} (${reasons.map((reason) => holdTitle(reason, language)).join(', ')})`,
	);
	const text = LANGUAGES.map((language) => [INTRO[language], ...listed(lines, language), WHERE[language]].join('\n'));
	return { subject: subject.join(' · '), text: text.join('\n\n'), severity: 'warning' };
}

function listed(lines: readonly HeldLine[], language: Language): string[] {
	const shown = lines.slice(0, LINES_IN_NOTICE);
	const rest = lines.length - shown.length;
	return [
		...shown.map(({ line, reasons }) => `• ${lineText(line, language)}. ${holdText(reasons, language)}`),
		...(rest > 0 ? [`• ${MORE[language].replace('{count}', String(rest))}`] : []),
	];
}

const ALERT: Text = {
	en: 'Users of Odoo: something needs attention',
	es: 'Usuarios de Odoo: algo requiere atención',
};

/** What only a person can put right, and what no guard holds: nobody would look for it in a report. */
const ALERTS = {
	lockedOut: { en: 'locked after wrong passwords', es: 'bloqueo por contraseñas erróneas' },
	noEvents: { en: 'Keycloak keeps no events', es: 'Keycloak no guarda eventos' },
	purged: { en: 'events were removed', es: 'se borraron eventos' },
	clockSkew: { en: 'clocks differ', es: 'los relojes difieren' },
	unknownName: { en: 'unknown role or group', es: 'rol o grupo desconocido' },
} satisfies Record<string, Text>;

/** As `heldNotice`; null where nothing is to be told. */
export function alertNotice({ conflicts, warnings }: Pick<RunReport, 'conflicts' | 'warnings'>) {
	const locked = conflicts.filter(({ reason }) => reason === 'lockedOut');
	const told = warnings.filter(({ code }) => code in ALERTS);
	if (locked.length + told.length === 0) return null;
	const codes = [...(locked.length > 0 ? ['lockedOut'] : []), ...told.map(({ code }) => code)];
	const titles = (language: Language) =>
		[...new Set(codes)].map((code) => ALERTS[code as keyof typeof ALERTS][language]).join(', ');
	const lines = (language: Language) => [
		...locked.slice(0, LINES_IN_NOTICE).map((conflict) => `• ${conflictText(conflict, language)}`),
		...told.map((warning) => `• ${warningText(warning, language)}`),
	];
	return {
		subject: LANGUAGES.map((language) => `${ALERT[language]} (${titles(language)})`).join(' · '),
		text: LANGUAGES.map((language) => lines(language).join('\n')).join('\n\n'),
		severity: 'warning' as const,
	};
}
