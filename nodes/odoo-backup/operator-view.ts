/** How the sidebar shows backups. */

import type { OperatorView } from '../runtime/operator-view.ts';
import { textsOf } from '../runtime/phrase.ts';

export const { label, text } = textsOf('backup');

export const backupView: OperatorView = {
	title: text('title'),
	empty: text('empty'),
	list: 'list',
	columns: [
		{ field: 'database', label: text('column.database'), kind: 'text' },
		{ field: 'missing', label: text('column.missing'), kind: 'number' },
		{ field: 'since', label: text('column.since'), kind: 'time' },
	],
	group: { field: 'database', label: text('column.database'), all: text('allDatabases') },
	inspect: 'inspect',
	rowButtons: [
		{ action: 'accept', label: text('accept'), icon: 'fa-check', confirm: text('acceptConfirm'), danger: true },
	],
	sourceButtons: [
		{
			action: 'start',
			label: text('start'),
			icon: 'fa-download',
			confirm: text('startConfirm'),
			when: { flag: 'running', is: false },
		},
		{
			action: 'cancel',
			label: text('cancel'),
			icon: 'fa-stop',
			confirm: text('cancelConfirm'),
			when: { flag: 'running', is: true },
		},
	],
};
