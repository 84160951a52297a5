import type { CodeEditor } from '../../runtime/editor/red.ts';

/** A code editor whose content can be replaced without that counting as a change by the person. */
export class CodeBox {
	readonly #editor: CodeEditor;
	#quiet = false;

	/** @param id of an empty element in the dialog */
	constructor(id: string, mode: 'html' | 'text' | 'json', value: string, changed: () => void) {
		this.#editor = RED.editor.createEditor({ id, mode: `ace/mode/${mode}`, value });
		this.#editor.getSession().on('change', () => {
			if (!this.#quiet) changed();
		});
	}

	get value(): string {
		return this.#editor.getValue();
	}

	set value(text: string) {
		if (text === this.value) return;
		this.#quiet = true;
		this.#editor.setValue(text);
		this.#quiet = false;
	}

	destroy(): void {
		this.#editor.destroy();
	}
}
