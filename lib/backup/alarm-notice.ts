/** What is told of findings: one notice for all of them, in both languages. */

import type { Finding } from './alarm.ts';
import { FINDING_WORDS, NOTICE_WORDS, STANDING_WORDS } from './alarm-words.ts';
import type { StandingCode } from './standing.ts';

/** As a `notice` node takes it. */
export interface AlarmNotice {
	/** Without numbers and times: the same alarm has the same subject. */
	subject: string;
	text: string;
	severity: 'info' | 'warning' | 'critical';
}

type Language = 'en' | 'es';

const LANGUAGES = ['es', 'en'] as const;

const GIBIBYTE = 1024 ** 3;

/** @param findings the most severe first; at least one */
export function alarmNotice(findings: readonly Finding[]): AlarmNotice {
	const severity = findings.some((finding) => finding.severity === 'critical') ? 'critical' : 'warning';
	const title = NOTICE_WORDS[severity === 'critical' ? 'alarm' : 'warning'];
	const said = (language: Language) => {
		const shorts = new Set(findings.map(({ code }) => FINDING_WORDS[code].short[language]));
		return `${title[language]} (${[...shorts].join(', ')})`;
	};
	const text = LANGUAGES.map((language) => findings.map((finding) => `• ${sayFinding(finding, language)}`).join('\n'));
	return { subject: LANGUAGES.map(said).join(' · '), text: text.join('\n\n'), severity };
}

export function wellNotice(): AlarmNotice {
	return { ...both('well', 'wellText'), severity: 'info' };
}

/** As severe as a real alarm: a receiver that lets only those through must be tried, too. @param at makes each test another one */
export function testNotice(at: Date): AlarmNotice {
	const { subject, text } = both('test', 'testText');
	return { subject: `${subject} · ${at.toISOString()}`, text, severity: 'critical' };
}

/** Whole sentences, the database before them. */
export function sayFinding({ code, database, parameters }: Finding, language: Language): string {
	const filled = FINDING_WORDS[code].text[language].replace(/\{(\w+)\}/g, (whole, name: string) => {
		const value = parameters[name];
		return value === undefined ? whole : sayValue(name, value, language);
	});
	return database === undefined ? filled : `${database}: ${filled}`;
}

function sayValue(name: string, value: string | number, language: Language): string {
	if (name === 'standing') return STANDING_WORDS[value as StandingCode]?.[language] ?? String(value);
	if (['free', 'needed', 'newest'].includes(name)) return `${(Number(value) / GIBIBYTE).toFixed(1)} GiB`;
	return String(value);
}

function both(subject: 'well' | 'test', text: 'wellText' | 'testText'): Pick<AlarmNotice, 'subject' | 'text'> {
	const of = (words: Record<Language, string>) => LANGUAGES.map((language) => words[language]);
	return { subject: of(NOTICE_WORDS[subject]).join(' · '), text: of(NOTICE_WORDS[text]).join('\n\n') };
}
