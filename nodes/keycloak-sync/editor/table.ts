/** The table from Keycloak's roles and groups to Odoo's groups, while the dialog is open; kept as JSON in a hidden input. */

import { button, element } from '../../runtime/editor/elements.ts';
import type { EditorNode } from '../../runtime/editor/red.ts';

export interface TableRow {
	kind: 'role' | 'group';
	name: string;
	groups: string;
}

/** Anything that a flow file may hold. */
export function rowsOf(value: unknown): TableRow[] {
	let given = value;
	if (typeof value === 'string') {
		try {
			given = JSON.parse(value || '[]');
		} catch {
			given = []; // the field's check says so
		}
	}
	const list = Array.isArray(given) ? (given as Partial<TableRow>[]) : [];
	return list.map((row) => ({
		kind: row?.kind === 'group' ? 'group' : 'role',
		...{ name: String(row?.name ?? ''), groups: [row?.groups ?? []].flat().join(' ') },
	}));
}

/** Fills the container. @param input the hidden one, which Node-RED reads */
export function tableEditor(node: EditorNode, container: HTMLElement, input: HTMLInputElement): void {
	const rows = rowsOf(node['table']);
	const say = (key: string) => node._(`keycloak-sync.table.${key}`);
	const keep = () => {
		input.value = JSON.stringify(rows);
		$(`#${input.id}`).trigger('change');
	};
	const draw = () => {
		const lines = rows.map((row, index) => line(row, index));
		const add = button(say('add'), { icon: 'fa-plus' }, () => {
			rows.push({ kind: 'role', name: '', groups: '' });
			keep();
			draw();
			container.querySelector<HTMLInputElement>('.keycloak-sync-row:last-of-type input')?.focus();
		});
		container.replaceChildren(...lines, add);
	};
	const line = (row: TableRow, index: number) => {
		const kind = element(
			'select',
			{
				'aria-label': say('kind'),
				change: () => {
					row.kind = kind.value === 'group' ? 'group' : 'role';
					keep();
				},
			},
			element('option', { value: 'role' }, say('role')),
			element('option', { value: 'group' }, say('group')),
		);
		kind.value = row.kind;
		const box = (field: 'name' | 'groups', hint: string) => {
			const made = element('input', {
				...{ type: 'text', 'aria-label': say(field), placeholder: say(hint), value: row[field] },
				input: () => {
					row[field] = made.value;
					keep();
				},
			});
			return made;
		};
		const remove = button(say('remove'), { icon: 'fa-trash', iconOnly: true }, () => {
			rows.splice(index, 1);
			keep();
			draw();
		});
		return element(
			'div',
			{ class: 'keycloak-sync-row' },
			...[
				kind,
				box('name', 'nameHint'),
				element('span', { 'aria-hidden': 'true' }, '→'),
				box('groups', 'groupsHint'),
				remove,
			],
		);
	};
	keep();
	draw();
}
