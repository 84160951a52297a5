/** Marks parts of the dialog that are no input of Node-RED's, which marks its own. */

import { element } from '../../runtime/editor/elements.ts';

/**
 * Marks an element red and says below it what is wrong; or takes both away.
 * @param valid true, or the reason
 */
export function mark(id: string, valid: true | string): void {
	const marked = document.getElementById(id);
	if (!marked) return;
	const reason = valid === true ? undefined : valid;
	marked.classList.toggle('input-error', reason !== undefined);
	const shown = marked.nextElementSibling;
	const line = shown instanceof HTMLElement && shown.dataset['reasonOf'] === id ? shown : undefined;
	if (reason === undefined) line?.remove();
	else if (line) line.textContent = reason;
	else marked.after(element('p', { class: 'amqp-mail-reason', role: 'status', 'data-reason-of': id }, reason));
}
