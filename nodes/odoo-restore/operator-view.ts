/** How the sidebar shows restores that wait. */

import type { OperatorView } from '../runtime/operator-view.ts';
import { textsOf } from '../runtime/phrase.ts';

export const { label, text } = textsOf('restore');

export const restoreView: OperatorView = {
	title: text('title'),
	empty: text('empty'),
	list: 'list',
	columns: [
		{ field: 'database', label: text('column.database'), kind: 'text' },
		{ field: 'startedAt', label: text('column.startedAt'), kind: 'time' },
		{ field: 'into', label: text('column.into'), kind: 'text' },
		{ field: 'what', label: text('column.what'), kind: 'words' },
	],
	group: { field: 'database', label: text('column.database'), all: text('allDatabases') },
	rowButtons: [
		{
			...{ action: 'begin', label: text('begin'), icon: 'fa-undo', danger: true, single: true },
			confirm: text('beginConfirm'),
			question: { field: 'typed', label: text('column.into'), kind: 'text' },
		},
		{ action: 'discard', label: text('discard'), icon: 'fa-times', confirm: text('discardConfirm') },
	],
	sourceButtons: [
		{
			...{ action: 'cancel', label: text('cancel'), icon: 'fa-stop', confirm: text('cancelConfirm') },
			when: { flag: 'running', is: true },
		},
	],
};
