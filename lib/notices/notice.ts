/** What a person is told. */
import { HubError } from '../errors.ts';
import { hasControls, parseAddress } from '../smtp/address.ts';

export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Notice {
	/** Mail addresses, each one addr-spec; default: those of the mail channel. Other channels know their receiver. */
	to?: string | string[];
	/** One line. With `severity` it says what is the same alarm again: keep times and numbers out of it. */
	subject: string;
	/** Plain text; no secret and no patient datum. */
	text: string;
	severity: Severity;
	/** What failed, when that may itself be a way of telling: `smtp`, `webhook`. Then another way must carry the notice. */
	about?: string;
}

/** A notice after checking. */
export interface CheckedNotice {
	/** Empty: those of the channel. */
	to: string[];
	subject: string;
	text: string;
	severity: Severity;
	about: string | null;
}

/** Longest subject kept, in characters: what a list of mails shows. */
const MAX_SUBJECT = 200;
/** Longest text kept, in characters; an alarm is read on a telephone. */
const MAX_TEXT = 10_000;
/** Longest name of what failed, in characters. */
const MAX_ABOUT = 100;
/** More receivers than that are a mailing list, which has an address of its own. */
export const MAX_RECEIVERS = 20;

/**
 * @throws HubError CONFIG_INVALID for a missing field or an address that is none; long texts are cut instead, an alarm
 * must not fail for its length
 */
export function checkNotice(notice: Notice): CheckedNotice {
	const { subject, text, severity, about } = notice;
	const to = [notice.to ?? []].flat();
	if (typeof subject !== 'string' || subject.trim() === '') throw invalid('A notice needs a subject.');
	if (typeof text !== 'string') throw invalid('The text of a notice must be a text.');
	if (!SEVERITIES.includes(severity)) throw invalid(`The severity of a notice is one of ${SEVERITIES.join(', ')}.`);
	if (about !== undefined && typeof about !== 'string') throw invalid('What a notice is about must be a text.');
	if (to.length > MAX_RECEIVERS) throw invalid(`A notice goes to at most ${MAX_RECEIVERS} addresses.`);
	return {
		to: to.map(checkAddress),
		subject: oneLine(subject.trim().slice(0, MAX_SUBJECT)),
		text: text.slice(0, MAX_TEXT),
		severity,
		about: about?.slice(0, MAX_ABOUT) || null,
	};
}

/** @throws HubError CONFIG_INVALID */
export function checkAddress(text: string): string {
	const parsed = parseAddress(String(text));
	if ('fault' in parsed) throw invalid(`Receiver of notices: ${parsed.fault}`);
	return parsed.address;
}

const invalid = (text: string) => new HubError('CONFIG_INVALID', text);

/** The subject may quote a server or a file: what would break the line becomes a space. */
function oneLine(text: string): string {
	return [...text]
		.map((letter) => (hasControls(letter) ? ' ' : letter))
		.join('')
		.trim();
}
