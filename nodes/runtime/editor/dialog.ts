import { button, element } from './elements.ts';
import { sharedText } from './words.ts';

export interface Asked {
	title: string;
	sentence?: string;
	/** A box to be filled in. */
	question?: { label: string; kind: 'text' | 'email'; initial: string };
	/** Label of the button that goes on. */
	confirm: string;
	danger?: boolean;
}

/** An address as mail servers take it: in ASCII, with the domain in full. */
const PLAIN_ADDRESS = '[!-~]+@[!-~]+[.][A-Za-z][A-Za-z0-9\\-]*[A-Za-z0-9]';

/** Asks before something is done. Gives the answer ('' where there is no question), or null when it was cancelled. */
export function ask({ title, sentence, question, confirm, danger }: Asked): Promise<string | null> {
	return new Promise((resolve) => {
		const input = question && element('input', { type: question.kind, value: question.initial, required: true });
		if (input && question.kind === 'email') {
			input.pattern = PLAIN_ADDRESS;
			// The browser shows it with its own words when the pattern does not match.
			input.title = sharedText('problem.address', { field: question.label });
		}
		const form = element(
			'form',
			{ method: 'dialog' },
			sentence !== undefined && element('p', {}, sentence),
			question && element('label', {}, question.label, input),
		);
		const dialog = open(title, form);
		let answer: string | null = null;
		const go = button(confirm, { primary: !danger, danger: danger ?? false }, () => form.requestSubmit());
		const cancel = button(sharedText('panel.cancel'), {}, () => dialog.close());
		form.append(element('div', { class: 'clinic-hub-dialog-buttons' }, cancel, go));
		form.addEventListener('submit', (event) => {
			event.preventDefault();
			answer = input?.value.trim() ?? '';
			dialog.close();
		});
		dialog.addEventListener('close', () => resolve(answer));
		// What cannot be taken back is not under the finger that presses Enter once too often.
		(input ?? (danger ? cancel : go)).focus();
		input?.select();
	});
}

/** Shows something until it is closed; the buttons close it first. */
export function show(
	title: string,
	content: Node,
	buttons: { label: string; icon: string; danger: boolean; click(): void }[],
): void {
	const body = element('div', {}, content);
	const dialog = open(title, body);
	const made = buttons.map(({ label, icon, danger, click }) =>
		button(label, { icon, danger }, () => {
			dialog.close();
			click();
		}),
	);
	const close = button(sharedText('panel.close'), {}, () => dialog.close());
	body.append(element('div', { class: 'clinic-hub-dialog-buttons' }, ...made, close));
	close.focus();
}

/** The browser's own dialog keeps the focus inside, closes on Escape and gives the focus back. */
function open(title: string, content: HTMLElement): HTMLDialogElement {
	const heading = element('h3', { id: 'clinic-hub-dialog-title' }, title);
	const dialog = element('dialog', { class: 'clinic-hub-dialog', 'aria-labelledby': heading.id }, heading, content);
	// The editor's shortcuts listen on the document: "Delete" in a box must not delete the selected nodes.
	dialog.addEventListener('keydown', (event) => event.stopPropagation());
	dialog.addEventListener('close', () => dialog.remove());
	document.body.append(dialog);
	dialog.showModal();
	return dialog;
}
