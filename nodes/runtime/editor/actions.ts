import type { OperatorButton, OperatorResult, OperatorRow } from '../operator-view.ts';
import { wordsOf } from './cells.ts';
import { ask } from './dialog.ts';
import { failureText } from './failure.ts';
import { type RequestFailure, request } from './request.ts';
import { inWords, sharedText } from './words.ts';

/** Reasons named in a notification. */
const FAILURES_SHOWN = 3;

export interface Target {
	topic: string;
	source: string;
	/** `{}` for the source itself, `{ ids }` or `{ group }`. */
	body: Record<string, unknown>;
	count: number;
	/** The row, where it is a single one. */
	row?: OperatorRow | undefined;
}

/** Asks what has to be asked, does it, and says how it ended. False when it was cancelled or failed. */
export async function act(button: OperatorButton, { topic, source, body, count, row }: Target): Promise<boolean> {
	const { action, question, confirm, danger, label } = button;
	let answer: string | null = '';
	if (question || confirm !== undefined) {
		answer = await ask({
			title: RED._(label),
			...(confirm === undefined ? {} : { sentence: RED._(confirm, { ...row, count }) }),
			...(question
				? { question: { label: RED._(question.label), kind: question.kind, initial: initialOf(question.initial, row) } }
				: {}),
			confirm: RED._(label),
			danger: danger ?? false,
		});
	}
	if (answer === null) return false;
	try {
		const given = { source, ...body, ...(question ? { [question.field]: answer } : {}) };
		report(await request<Partial<OperatorResult>>('POST', `operator/${topic}/${action}`, given));
		return true;
	} catch (failure) {
		RED.notify(escapeHtml(failureText(failure as RequestFailure)), { type: 'error' });
		return false;
	}
}

function initialOf(field: string | undefined, row: OperatorRow | undefined): string {
	const value = field === undefined ? undefined : row?.[field];
	return typeof value === 'string' ? value : '';
}

function report({ done, failed = [], note }: Partial<OperatorResult>): void {
	const lines: string[] = [];
	if (done !== undefined) {
		if (failed.length) lines.push(sharedText('panel.partly', { done, failed: failed.length }));
		else lines.push(done ? sharedText('panel.done', { count: done }) : sharedText('panel.none'));
	}
	if (note) lines.push(wordsOf(note));
	const reasons = new Set(failed.map((reason) => inWords(reason)));
	lines.push(...[...reasons].slice(0, FAILURES_SHOWN));
	if (lines.length) RED.notify(lines.map(escapeHtml).join('<br>'), { type: failed.length ? 'warning' : 'success' });
}

/** Notifications are HTML; what a mail or a server said must not become any. */
function escapeHtml(text: string): string {
	const holder = document.createElement('span');
	holder.textContent = text;
	return holder.innerHTML;
}
