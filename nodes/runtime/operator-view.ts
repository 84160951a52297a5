/**
 * How the sidebar shows a topic, and what its actions answer: sent to the editor as JSON, drawn by `editor/`. Labels are
 * catalogue keys with their namespace.
 */

import type { Phrase } from './phrase.ts';

/** A sentence in both languages, where it is not in a catalogue. */
export interface Words {
	en: string;
	es: string;
}

/**
 * - `text`, `number`: as it is. `words`: a `Words` or a `Phrase`, in the reader's language.
 * - `time`: milliseconds since 1970, shown as age with the full time as tooltip.
 */
export type OperatorCell = 'text' | 'number' | 'words' | 'time';

export interface OperatorColumn {
	/** Property of a row. */
	field: string;
	label: string;
	kind: OperatorCell;
}

/** Asked before the action runs; the answer goes along under this name. */
export interface OperatorQuestion {
	field: string;
	label: string;
	kind: 'text' | 'email';
	/** Property of the row whose value stands in the box first. */
	initial?: string;
}

export interface OperatorButton {
	/** Name of the action; the button is missing where the person lacks its permission. */
	action: string;
	label: string;
	/** Of Font Awesome 4, which the editor brings: `fa-repeat`. */
	icon: string;
	/** Sentence to be agreed to first; `__count__` is the number of rows; of a button with `single`, `__field__` that of the row. */
	confirm?: string;
	/** Red, for what cannot be taken back. */
	danger?: boolean;
	/** For exactly one row; otherwise also for several, and for all of a group. */
	single?: boolean;
	question?: OperatorQuestion;
	/** Property of the row that must be true; for buttons of exactly one row. */
	needs?: string;
	/** Only while this flag of the source's state has this value. */
	when?: { flag: string; is: boolean };
}

export interface OperatorSearch {
	action: string;
	title: string;
	button: string;
	fields: { field: string; label: string }[];
	columns: OperatorColumn[];
	/** Said when nothing was found. */
	empty: string;
}

export interface OperatorView {
	/** Heading of the topic. */
	title: string;
	/** Said when there is no row. */
	empty: string;
	/** Action that lists: `{ source, group? }` gives an `OperatorList`. */
	list: string;
	columns: OperatorColumn[];
	/** The property by which rows are filtered and acted upon together, and what "all of them" is called. */
	group: { field: string; label: string; all: string };
	/** Action that shows one row in full: `{ source, id }` gives an `OperatorDetail`. */
	inspect?: string;
	/** Called with `{ source, ids }`, or with `{ source, group }` for all of a group; give an `OperatorResult`. */
	rowButtons: OperatorButton[];
	/** Called with `{ source }`. */
	sourceButtons: OperatorButton[];
	/** A question to the records: `{ source, …fields }` gives an `OperatorList`. */
	search?: OperatorSearch;
}

export type OperatorRow = { id: string } & Record<string, unknown>;

export interface OperatorList {
	rows: OperatorRow[];
	/** All groups, also of rows that are not listed. */
	groups?: { value: string; words: Words | Phrase; count: number }[];
	/** True when there are more than are listed. */
	more?: boolean;
}

export interface OperatorDetail {
	facts: { label: string; value: unknown; kind: OperatorCell }[];
	/** Shown below, line by line as it is. */
	text?: string | Words;
}

export interface OperatorResult {
	done: number;
	/** Why others were not done; one sentence each. */
	failed?: Phrase[];
	/** Rows that are not there (any more). */
	missing?: number;
	/** Beside the numbers, for a person. */
	note?: Words | Phrase;
}
