import type { OperatorButton, OperatorDetail, OperatorList, OperatorRow, OperatorView } from '../operator-view.ts';
import type { Overview } from '../overview.ts';
import { act, type Target } from './actions.ts';
import { cellOf, wordsOf } from './cells.ts';
import { show } from './dialog.ts';
import { button, element, icon, keepFocus } from './elements.ts';
import { failureText } from './failure.ts';
import { mayAct } from './permissions.ts';
import { type RequestFailure, request } from './request.ts';
import { SearchPanel } from './search-panel.ts';
import { table } from './table.ts';
import { inWords, sharedText, translatorOf } from './words.ts';

type Source = Overview['topics'][number]['sources'][number];

const TONE_SYMBOL = {
	ok: 'fa-check-circle',
	attention: 'fa-exclamation-circle',
	problem: 'fa-times-circle',
	paused: 'fa-pause-circle',
};

/** The rows of one running node and what can be done with them. */
export class SourcePanel {
	readonly element = element('section', { class: 'clinic-hub-source' });
	readonly #topic: string;
	readonly #view: OperatorView;
	readonly #search: SearchPanel | undefined;
	readonly #chosen = new Set<string>();
	#source: Source;
	#list: OperatorList = { rows: [] };
	#group = '';
	#problem = '';
	#loaded: string | undefined;
	#loading = false;

	constructor(topic: string, view: OperatorView, source: Source) {
		this.#topic = topic;
		this.#view = view;
		this.#source = source;
		if (view.search && mayAct(topic, view.search.action)) this.#search = new SearchPanel(topic, view.search, source.id);
	}

	/** Takes the newest state; lists again when the rows may have changed. */
	update(source: Source, force = false): void {
		const before = JSON.stringify(this.#source);
		this.#source = source;
		if (force || (this.#loaded !== source.state.revision && mayAct(this.#topic, this.#view.list))) void this.#load();
		if (JSON.stringify(source) !== before || this.#loaded === undefined) this.#draw();
	}

	async #load(): Promise<void> {
		if (this.#loading || !mayAct(this.#topic, this.#view.list)) return;
		this.#loading = true;
		const { revision } = this.#source.state;
		try {
			const body = { source: this.#source.id, ...(this.#group ? { group: this.#group } : {}) };
			this.#list = await request<OperatorList>('POST', `operator/${this.#topic}/${this.#view.list}`, body);
			this.#problem = '';
		} catch (failure) {
			this.#problem = failureText(failure as RequestFailure);
		}
		// Also after a failure: the next try comes with the next change, or by the button.
		this.#loaded = revision;
		this.#loading = false;
		if (this.#group && !this.#problem && !this.#list.groups?.some(({ value }) => value === this.#group)) {
			// The last row of the group is gone: show the others instead of nothing.
			this.#group = '';
			return this.#load();
		}
		const present = new Set(this.#list.rows.map(({ id }) => id));
		for (const id of this.#chosen) if (!present.has(id)) this.#chosen.delete(id);
		this.#draw();
	}

	#draw(): void {
		keepFocus(this.element, () =>
			this.element.replaceChildren(
				this.#header(),
				...(this.#problem ? [element('p', { class: 'clinic-hub-problem', role: 'alert' }, this.#problem)] : []),
				...(mayAct(this.#topic, this.#view.list) ? this.#rows() : [element('p', {}, sharedText('panel.noPermission'))]),
				...(this.#search ? [this.#search.element] : []),
			),
		);
	}

	#header(): HTMLElement {
		const { id, label, state } = this.#source;
		const node = RED.nodes.node(id);
		const words = inWords(state.phrase, translatorOf(node));
		const buttons = this.#view.sourceButtons.filter(
			({ action, when }) => mayAct(this.#topic, action) && (!when || (state.flags?.[when.flag] ?? false) === when.is),
		);
		return element(
			'header',
			{ 'data-tone': state.tone },
			icon(TONE_SYMBOL[state.tone]),
			element('span', {}, element('strong', {}, label), `: ${words}`),
			element(
				'span',
				{ class: 'clinic-hub-buttons' },
				...buttons.map((one) => this.#button(one, () => ({ body: {}, count: 1 }))),
			),
		);
	}

	#rows(): HTMLElement[] {
		const { rows, groups = [], more } = this.#list;
		if (this.#loaded === undefined) return [element('p', {}, sharedText('panel.loading'))];
		if (rows.length === 0 && groups.length === 0)
			return [element('p', { class: 'clinic-hub-empty' }, RED._(this.#view.empty))];
		const bar = element('div', { class: 'clinic-hub-bar' });
		const choose = () => keepFocus(bar, () => bar.replaceChildren(...this.#bar()));
		choose();
		return [
			this.#filter(groups),
			table({
				caption: RED._(this.#view.title),
				columns: this.#view.columns,
				rows,
				chosen: this.#chosen,
				onChoose: choose,
				...(this.#view.inspect && mayAct(this.#topic, this.#view.inspect)
					? { onOpen: (row: OperatorRow) => void this.#inspect(row) }
					: {}),
			}),
			...(more ? [element('p', {}, sharedText('panel.truncated', { count: rows.length }))] : []),
			bar,
		];
	}

	#filter(groups: NonNullable<OperatorList['groups']>): HTMLElement {
		const { label, all } = this.#view.group;
		const total = groups.reduce((sum, { count }) => sum + count, 0);
		const select = element('select', {
			'data-key': 'filter',
			change: () => {
				this.#group = select.value;
				this.#chosen.clear();
				void this.#load();
			},
		});
		select.append(element('option', { value: '' }, `${RED._(all)} (${total})`));
		for (const { value, words, count } of groups)
			select.append(element('option', { value }, `${wordsOf(words)} (${count})`));
		select.value = this.#group;
		return element('label', { class: 'clinic-hub-filter' }, `${RED._(label)} `, select);
	}

	/** What can be done with the chosen rows, and with all of the filtered group. */
	#bar(): HTMLElement[] {
		const buttons = this.#view.rowButtons.filter(({ action }) => mayAct(this.#topic, action));
		if (buttons.length === 0) return [];
		const ids = [...this.#chosen];
		const row = this.#list.rows.find(({ id }) => id === ids[0]);
		const parts = [
			element('span', { class: 'clinic-hub-chosen' }, sharedText('panel.selected', { count: ids.length })),
			...buttons.map((one) =>
				this.#button(
					one,
					() => ({ body: { ids }, count: ids.length, row }),
					one.single ? ids.length !== 1 || !offers(one, row) : ids.length === 0,
				),
			),
		];
		const group = this.#list.groups?.find(({ value }) => value === this.#group);
		const groupParts = group
			? [
					element('span', { class: 'clinic-hub-chosen' }, sharedText('panel.actAll', { count: group.count })),
					...buttons
						.filter(({ single }) => !single)
						.map((one) =>
							this.#button(one, () => ({ body: { group: group.value }, count: group.count }), false, 'group'),
						),
				]
			: [];
		return [element('div', {}, ...parts), ...(groupParts.length ? [element('div', {}, ...groupParts)] : [])];
	}

	#button(
		one: OperatorButton,
		target: () => Pick<Target, 'body' | 'count' | 'row'>,
		disabled = false,
		where = '',
	): HTMLButtonElement {
		const options = { icon: one.icon, danger: one.danger ?? false, disabled, key: `${where}${one.action}` };
		return button(RED._(one.label), options, () => void this.#act(one, target()));
	}

	async #act(one: OperatorButton, target: Pick<Target, 'body' | 'count' | 'row'>): Promise<void> {
		const did = await act(one, { topic: this.#topic, source: this.#source.id, ...target });
		if (!did) return;
		// What was chosen has been dealt with; a mail that is parked again must be chosen again.
		if ('ids' in target.body || 'group' in target.body) this.#chosen.clear();
		document.dispatchEvent(new CustomEvent('clinic-hub:changed'));
	}

	async #inspect(row: OperatorRow): Promise<void> {
		try {
			const body = { source: this.#source.id, id: row.id };
			const { facts, text } = await request<OperatorDetail>(
				'POST',
				`operator/${this.#topic}/${this.#view.inspect}`,
				body,
			);
			const list = element('dl', { class: 'clinic-hub-facts' });
			for (const { label, value, kind } of facts)
				list.append(element('dt', {}, RED._(label)), element('dd', {}, cellOf(value, kind)));
			const content = element(
				'div',
				{},
				list,
				text !== undefined && element('pre', { tabindex: '0' }, typeof text === 'string' ? text : wordsOf(text)),
			);
			const buttons = this.#view.rowButtons
				.filter((one) => mayAct(this.#topic, one.action) && offers(one, row))
				.map((one) => ({
					label: RED._(one.label),
					icon: one.icon,
					danger: one.danger ?? false,
					click: () => void this.#act(one, { body: { ids: [row.id] }, count: 1, row }),
				}));
			show(sharedText('panel.details'), content, buttons);
		} catch (failure) {
			RED.notify(failureText(failure as RequestFailure), { type: 'error' });
		}
	}
}

function offers({ needs }: OperatorButton, row: OperatorRow | undefined): boolean {
	return needs === undefined || row?.[needs] === true;
}
