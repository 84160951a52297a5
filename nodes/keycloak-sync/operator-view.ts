/** How the sidebar shows held plans and accounts to be linked. */

import type { OperatorView } from '../runtime/operator-view.ts';
import { type Phrase, shared } from '../runtime/phrase.ts';

/** A text of this topic. */
export function label(key: string, values?: Phrase['values']): Phrase {
	return shared(`identity.${key}`, values);
}

const text = (key: string) => label(key).key;

export const identityView: OperatorView = {
	title: text('title'),
	empty: text('empty'),
	list: 'list',
	columns: [
		{ field: 'who', label: text('column.who'), kind: 'text' },
		{ field: 'what', label: text('column.what'), kind: 'words' },
		{ field: 'why', label: text('column.why'), kind: 'words' },
		{ field: 'since', label: text('column.since'), kind: 'time' },
	],
	group: { field: 'kind', label: text('column.kind'), all: text('allKinds') },
	inspect: 'inspect',
	rowButtons: [
		{
			...{ action: 'approve', label: text('approve'), icon: 'fa-check', danger: true, single: true, needs: 'plan' },
			confirm: text('approveConfirm'),
		},
		{
			...{ action: 'reject', label: text('reject'), icon: 'fa-ban', single: true, needs: 'plan' },
			confirm: text('rejectConfirm'),
		},
		{ action: 'link', label: text('link'), icon: 'fa-link', confirm: text('linkConfirm'), needs: 'link' },
	],
	sourceButtons: [
		{
			...{ action: 'run', label: text('run'), icon: 'fa-refresh', confirm: text('runConfirm') },
			when: { flag: 'working', is: false },
		},
		{
			...{ action: 'cancel', label: text('cancel'), icon: 'fa-stop', confirm: text('cancelConfirm') },
			when: { flag: 'working', is: true },
		},
	],
};
