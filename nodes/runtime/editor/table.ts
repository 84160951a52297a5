import type { OperatorColumn, OperatorRow } from '../operator-view.ts';
import { cellOf } from './cells.ts';
import { button, element } from './elements.ts';
import { sharedText } from './words.ts';

export interface TableOptions {
	caption: string;
	columns: OperatorColumn[];
	rows: OperatorRow[];
	/** Rows that are chosen; without it no boxes are drawn. */
	chosen?: Set<string>;
	onChoose?(): void;
	/** Makes the first cell a button. */
	onOpen?: ((row: OperatorRow) => void) | undefined;
}

/** A table that becomes a list of cards where the sidebar is narrow (by its style sheet), hence the labels in the cells. */
export function table({ caption, columns, rows, chosen, onChoose, onOpen }: TableOptions): HTMLTableElement {
	const nameOf = (row: OperatorRow): string => {
		const [first] = columns;
		const content = first && cellOf(row[first.field], first.kind);
		return typeof content === 'string' ? content : row.id;
	};
	const boxes = rows.map((row) => (chosen ? box(row.id, nameOf(row), chosen, () => changed()) : undefined));
	const all =
		chosen && element('input', { type: 'checkbox', 'aria-label': sharedText('panel.selectAll'), 'data-key': 'all' });
	const changed = () => {
		if (!chosen || !all) return;
		all.checked = rows.length > 0 && rows.every(({ id }) => chosen.has(id));
		all.indeterminate = !all.checked && chosen.size > 0;
		onChoose?.();
	};
	all?.addEventListener('change', () => {
		if (!chosen) return;
		for (const [index, { id }] of rows.entries()) {
			const one = boxes[index];
			if (one) one.checked = all.checked;
			if (all.checked) chosen.add(id);
			else chosen.delete(id);
		}
		changed();
	});
	const heads = columns.map(({ label }) => element('th', { scope: 'col' }, RED._(label)));
	const body = rows.map((row, index) => {
		const boxed = boxes[index];
		const cells = columns.map(({ field, label, kind }, at) => {
			const content = cellOf(row[field], kind);
			const opens = at === 0 && onOpen;
			const inner = opens ? opener(row, content, () => onOpen(row)) : content;
			return element('td', { 'data-label': RED._(label), 'data-kind': kind, 'data-field': field }, inner);
		});
		return element('tr', { 'data-row': row.id }, boxed && element('td', { class: 'clinic-hub-box' }, boxed), ...cells);
	});
	const made = element(
		'table',
		{ class: 'clinic-hub-table' },
		element('caption', { class: 'clinic-hub-hidden' }, caption),
		element(
			'thead',
			{},
			element(
				'tr',
				{},
				all && element('th', { class: 'clinic-hub-box', 'data-label': sharedText('panel.selectAll') }, all),
				...heads,
			),
		),
		element('tbody', {}, ...body),
	);
	if (all && chosen) {
		all.checked = rows.length > 0 && rows.every(({ id }) => chosen.has(id));
		all.indeterminate = !all.checked && chosen.size > 0;
	}
	return made;
}

function box(id: string, name: string, chosen: Set<string>, changed: () => void): HTMLInputElement {
	const made = element('input', {
		type: 'checkbox',
		'aria-label': sharedText('panel.select', { row: name }),
		'data-key': `box ${id}`,
		change: () => {
			if (made.checked) chosen.add(id);
			else chosen.delete(id);
			changed();
		},
	});
	made.checked = chosen.has(id);
	return made;
}

function opener({ id }: OperatorRow, content: Node | string, click: () => void): HTMLButtonElement {
	const made = button('', { key: `open ${id}` }, click);
	made.className = 'clinic-hub-link';
	made.replaceChildren(content);
	return made;
}
