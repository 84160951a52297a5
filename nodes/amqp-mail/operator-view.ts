/** How the sidebar shows parked mail. */

import type { OperatorView } from '../runtime/operator-view.ts';
import { textsOf } from '../runtime/phrase.ts';

export const { label, text } = textsOf('mail');

export const mailView: OperatorView = {
	title: text('title'),
	empty: text('empty'),
	list: 'list',
	columns: [
		{ field: 'order', label: text('column.order'), kind: 'words' },
		{ field: 'recipient', label: text('column.recipient'), kind: 'text' },
		{ field: 'reason', label: text('column.reason'), kind: 'words' },
		{ field: 'since', label: text('column.since'), kind: 'time' },
		{ field: 'attempts', label: text('column.attempts'), kind: 'number' },
	],
	group: { field: 'reason', label: text('column.reason'), all: text('allReasons') },
	inspect: 'inspect',
	rowButtons: [
		{
			action: 'correct',
			label: text('correct'),
			icon: 'fa-pencil',
			single: true,
			needs: 'readable',
			question: { field: 'recipient', label: text('newRecipient'), kind: 'email', initial: 'recipient' },
		},
		{ action: 'replay', label: text('replay'), icon: 'fa-repeat', confirm: text('replayConfirm') },
		{ action: 'discard', label: text('discard'), icon: 'fa-trash', confirm: text('discardConfirm'), danger: true },
	],
	sourceButtons: [
		{
			action: 'pause',
			label: text('pause'),
			icon: 'fa-pause',
			confirm: text('pauseConfirm'),
			when: { flag: 'paused', is: false },
		},
		{ action: 'resume', label: text('resume'), icon: 'fa-play', when: { flag: 'paused', is: true } },
	],
	search: {
		action: 'search',
		title: text('search.title'),
		button: text('search.button'),
		fields: [
			{ field: 'recipient', label: text('search.recipient') },
			{ field: 'reference', label: text('search.order') },
		],
		columns: [
			{ field: 'order', label: text('column.order'), kind: 'text' },
			{ field: 'recipient', label: text('column.recipient'), kind: 'text' },
			{ field: 'state', label: text('column.state'), kind: 'words' },
			{ field: 'time', label: text('column.time'), kind: 'time' },
			{ field: 'response', label: text('column.response'), kind: 'text' },
		],
		empty: text('search.empty'),
	},
};
