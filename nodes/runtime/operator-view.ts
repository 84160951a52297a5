/** How the sidebar shows a topic: sent to the editor as JSON, drawn by `editor/`. Every label is a catalogue key. */

export interface OperatorColumn {
	/** Property of a row. */
	field: string;
	label: string;
	/** `time`: milliseconds since 1970, shown as age with the full time as tooltip. Default `text`. */
	kind?: 'text' | 'time' | 'number';
}

/** Something asked before the action runs. */
export interface OperatorQuestion {
	/** Property of the request. */
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
	/** Icon class of Font Awesome 4, as Node-RED's editor brings it: `fa-repeat`. */
	icon: string;
	/** Sentence to be agreed to first; `__count__` is the number of rows. */
	confirm?: string;
	/** Red, for what cannot be taken back. */
	danger?: boolean;
	question?: OperatorQuestion;
	/** Only while this flag of the source's state has this value. */
	when?: { flag: string; is: boolean };
}

export interface OperatorView {
	/** Heading of the topic. */
	title: string;
	/** What a row is for: one sentence, shown when there is none. */
	empty: string;
	/** Action that lists: `{ source }` gives `{ rows: { id, … }[], truncated?: boolean }`. */
	list: string;
	columns: OperatorColumn[];
	/** Column by which rows are filtered and acted upon as a group; `label` is shown instead of the bare value. */
	filter: { field: string; label: string; all: string };
	/** Action that shows one row in full: `{ source, id }` gives `{ facts: { label, value }[], text?: string }`. */
	inspect?: string;
	/** Act on the chosen rows: `{ source, ids }`; or on all of a filter value: `{ source, filter }`. */
	rowButtons: OperatorButton[];
	/** Act on the source as a whole: `{ source }`. */
	sourceButtons: OperatorButton[];
	/** A question to the records: `{ source, …fields }` gives `{ rows }`. */
	search?: {
		action: string;
		title: string;
		button: string;
		fields: { field: string; label: string }[];
		columns: OperatorColumn[];
		empty: string;
	};
}
