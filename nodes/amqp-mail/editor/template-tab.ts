/** The tab in which templates are written: a language each, its parts, and the preview beside them. */

import { ask } from '../../runtime/editor/dialog.ts';
import { button, element } from '../../runtime/editor/elements.ts';
import { failureText } from '../../runtime/editor/failure.ts';
import type { EditorNode } from '../../runtime/editor/red.ts';
import { type RequestFailure, request } from '../../runtime/editor/request.ts';
import { checks } from './checks.ts';
import { CodeBox } from './code-box.ts';
import { follow, input } from './input.ts';
import { Languages, type TemplatePart, type TemplateRow } from './languages.ts';
import { mark } from './mark.ts';
import { Preview, type PreviewView } from './preview.ts';

interface BuiltIn {
	templates: Record<string, Omit<TemplateRow, 'language'>>;
	sample: Record<string, unknown>;
}

const LANGUAGE = /^[a-z]{2,3}(_[A-Z]{2}|_[0-9]{3})?$/;
const BODY_PARTS = ['html', 'text'] as const;
const VIEWS: readonly PreviewView[] = ['desktop', 'phone', 'text'];

function byId(id: string): HTMLElement {
	const found = document.getElementById(id);
	if (!found) throw new Error(`The dialog has no element ${id}`);
	return found;
}

export class TemplateTab {
	readonly #node: EditorNode;
	readonly #schema: () => string;
	#languages = new Languages([], []);
	#language = 'es';
	#part: 'html' | 'text' = 'html';
	#boxes: { html: CodeBox; text: CodeBox; sample: CodeBox } | undefined;
	#preview: Preview | undefined;
	#closed = false;

	/** @param schema gives the JSON Schema as it stands in the dialog */
	constructor(node: EditorNode, schema: () => string) {
		this.#node = node;
		this.#schema = schema;
	}

	/** Fills the tab; until the hub has answered it says that it is loading. */
	async open(): Promise<void> {
		const own = (this.#node['templates'] as TemplateRow[] | undefined) ?? [];
		let builtIn: BuiltIn = { templates: {}, sample: {} };
		try {
			builtIn = await request<BuiltIn>('GET', 'amqp-mail/templates');
		} catch (failure) {
			byId('amqp-mail-templates-note').textContent = failureText(failure as RequestFailure);
		}
		if (this.#closed) return;
		const rows = Object.entries(builtIn.templates).map(([language, row]) => ({ language, ...row }));
		this.#languages = new Languages(own, rows);
		this.#language = this.#list()[0] ?? String(this.#node['defaultLanguage'] ?? 'es');
		const changed = (part: TemplatePart) => () => this.#edit(part, this.#boxes?.[part as 'html' | 'text'].value ?? '');
		const sample = String(this.#node['sample'] ?? '') || JSON.stringify(builtIn.sample, null, 2);
		this.#boxes = {
			html: new CodeBox('amqp-mail-html', 'html', '', changed('html')),
			text: new CodeBox('amqp-mail-text', 'text', '', changed('text')),
			sample: new CodeBox('amqp-mail-sample', 'json', sample, () => this.#preview?.refresh()),
		};
		this.#builtInSample = JSON.stringify(builtIn.sample, null, 2);
		this.#preview = new Preview(byId('amqp-mail-preview'), this.#node, () => this.#describe());
		byId('amqp-mail-subject').addEventListener('input', () => this.#edit('subject', this.#subject.value));
		this.#drawViews();
		follow(['kind', 'kindName', 'odooUrl', 'defaultLanguage'], () => this.draw());
	}

	#builtInSample = '';

	get #subject(): HTMLInputElement {
		return byId('amqp-mail-subject') as HTMLInputElement;
	}

	#words(key: string): string {
		return this.#node._(`amqp-mail.${key}`);
	}

	#list(): string[] {
		this.#languages.withBuiltIn = input('kind').value !== 'custom';
		return this.#languages.list();
	}

	#edit(part: TemplatePart, text: string): void {
		const isNew = !this.#list().includes(this.#language);
		this.#languages.set(this.#language, part, text);
		if (isNew) this.draw();
		this.#drawState();
		this.#preview?.refresh();
	}

	/** Draws languages and parts; the boxes get the text of the chosen language. */
	draw(): void {
		if (!this.#boxes) return;
		const list = this.#list();
		if (!list.includes(this.#language)) this.#language = list[0] ?? (input('defaultLanguage').value || 'es');
		const row = this.#languages.row(this.#language);
		this.#subject.value = row.subject;
		this.#boxes.html.value = row.html;
		this.#boxes.text.value = row.text;
		const choose = (language: string) => () => {
			this.#language = language;
			this.draw();
		};
		const tabs = list.map((language) => this.#tab(language, language === this.#language, language, choose(language)));
		const add = button(this.#words('language.add'), { icon: 'fa-plus' }, () => void this.#addLanguage());
		byId('amqp-mail-languages').replaceChildren(...tabs, add);
		const parts = BODY_PARTS.map((part) =>
			this.#tab(part, part === this.#part, this.#words(`part.${part}`), () => {
				this.#part = part;
				this.draw();
			}),
		);
		byId('amqp-mail-parts').replaceChildren(...parts);
		for (const part of BODY_PARTS) byId(`amqp-mail-${part}`).hidden = part !== this.#part;
		this.#drawState();
		this.#preview?.refresh();
	}

	#tab(key: string, chosen: boolean, label: string, click: () => void): HTMLButtonElement {
		return element(
			'button',
			{
				type: 'button',
				role: 'tab',
				class: `red-ui-button red-ui-button-small${chosen ? ' selected' : ''}`,
				'aria-selected': String(chosen),
				'data-key': key,
				click,
			},
			label,
		);
	}

	/** Whether the language is the package's own, and the button that makes it so again or takes it away. */
	#drawState(): void {
		const own = this.#languages.isOwn(this.#language);
		const builtIn = this.#languages.isBuiltIn(this.#language);
		const state = builtIn ? (own ? 'changed' : 'builtIn') : own ? 'own' : 'none';
		const words = this.#words(`language.${state}`);
		const drop = (): void => {
			this.#languages.remove(this.#language);
			this.draw();
		};
		const label = this.#words(builtIn ? 'language.restore' : 'language.remove');
		byId('amqp-mail-templates-note').replaceChildren(
			`${words} `,
			...(own ? [button(label, { icon: builtIn ? 'fa-undo' : 'fa-trash' }, drop)] : []),
		);
		mark('amqp-mail-templates-note', checks.templates.call(this.#node, this.#languages.own));
	}

	async #addLanguage(): Promise<void> {
		const title = this.#words('language.add');
		const question = { label: this.#words('language.code'), kind: 'text' as const, initial: '' };
		const language = await ask({ title, question, confirm: title });
		if (language === null || !LANGUAGE.test(language) || this.#list().includes(language)) {
			if (language !== null) RED.notify(this.#words('language.invalid'), { type: 'error' });
			return;
		}
		this.#languages.add(language, this.#language);
		this.#language = language;
		this.draw();
	}

	#drawViews(): void {
		const container = byId('amqp-mail-views');
		const draw = (chosen: PreviewView): void => {
			const tabs = VIEWS.map((view) => this.#tab(view, view === chosen, this.#words(`view.${view}`), () => draw(view)));
			container.replaceChildren(...tabs);
			this.#preview?.show(chosen);
		};
		draw('desktop');
	}

	#describe(): Record<string, unknown> {
		return {
			kind: input('kind').value,
			kindName: input('kindName').value,
			schema: this.#schema(),
			templates: this.#languages.own,
			defaultLanguage: input('defaultLanguage').value,
			odooUrl: /^\$\{/.test(input('odooUrl').value) ? '' : input('odooUrl').value,
			sample: this.#boxes?.sample.value ?? '',
			language: this.#language,
		};
	}

	/** The tray has another width. */
	resize(): void {
		this.#preview?.fit();
	}

	/** Writes into the node what the flow keeps: only what differs from the package's own. */
	save(): void {
		if (!this.#boxes) return;
		this.#node['templates'] = this.#languages.own;
		const sample = this.#boxes.sample.value;
		this.#node['sample'] = sample === this.#builtInSample ? '' : sample;
	}

	close(): void {
		this.#closed = true;
		this.#preview?.stop();
		for (const box of Object.values(this.#boxes ?? {})) box.destroy();
		this.#boxes = undefined;
	}
}
