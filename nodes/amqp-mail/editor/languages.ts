/** The templates of a node while its dialog is open: the built-in ones, and what the person made of them. */

export interface TemplateRow {
	language: string;
	subject: string;
	text: string;
	html: string;
}

export type TemplatePart = 'subject' | 'text' | 'html';

export class Languages {
	readonly #builtIn: readonly TemplateRow[];
	readonly #own: Map<string, TemplateRow>;
	/** Whether the built-in ones count: they are the order's, another kind of mail has only its own. */
	withBuiltIn = true;

	constructor(own: readonly TemplateRow[], builtIn: readonly TemplateRow[]) {
		this.#builtIn = builtIn;
		this.#own = new Map(own.map((row) => [row.language, { ...row }]));
	}

	/** Languages with templates; the built-in ones first. */
	list(): string[] {
		const builtIn = this.withBuiltIn ? this.#builtIn.map(({ language }) => language) : [];
		return [...new Set([...builtIn, ...this.#own.keys()])];
	}

	#builtInRow(language: string): TemplateRow | undefined {
		return this.withBuiltIn ? this.#builtIn.find((row) => row.language === language) : undefined;
	}

	row(language: string): TemplateRow {
		return this.#own.get(language) ?? this.#builtInRow(language) ?? { language, subject: '', text: '', html: '' };
	}

	isOwn(language: string): boolean {
		return this.#own.has(language);
	}

	isBuiltIn(language: string): boolean {
		return this.#builtInRow(language) !== undefined;
	}

	set(language: string, part: TemplatePart, text: string): void {
		const row = { ...this.row(language), [part]: text };
		const builtIn = this.#builtInRow(language);
		// What is the same again follows the package's later versions again.
		const same = builtIn && (['subject', 'text', 'html'] as const).every((name) => builtIn[name] === row[name]);
		if (same) this.#own.delete(language);
		else this.#own.set(language, row);
	}

	/** Adds a language, beginning with what another one has. */
	add(language: string, from: string): void {
		this.#own.set(language, { ...this.row(from), language });
	}

	/** Takes a language away, or gives a built-in one its own text back. */
	remove(language: string): void {
		this.#own.delete(language);
	}

	/** What is kept in the flow. */
	get own(): TemplateRow[] {
		return [...this.#own.values()];
	}
}
