/** What a variable is. */

/** What is said to a person, in both languages. */
interface Text {
	en: string;
	es: string;
}

interface Common {
	/** What it does, one or two sentences; Markdown. */
	text: Text;
	/** True when its value must never be shown. */
	secret?: true;
	/** What applies without it, where that is no fixed value. */
	otherwise?: Text;
}

/** A variable; the default of a text without one is undefined. */
export type Variable = Common &
	(
		| { kind: 'text'; default?: string }
		| { kind: 'switch'; default: boolean }
		| { kind: 'port'; default: number }
		| { kind: 'days' | 'number'; default: number; min: number; max: number }
		| { kind: 'choice'; of: readonly string[]; default: string }
		| { kind: 'list'; of: readonly string[] }
	);

export interface VariableGroup {
	title: Text;
	/** Stands above the table. */
	intro?: Text;
	variables: Readonly<Record<string, Variable>>;
}
