import type { OperatorList, OperatorSearch } from '../operator-view.ts';
import { button, element, icon } from './elements.ts';
import { failureText } from './failure.ts';
import { type RequestFailure, request } from './request.ts';
import { table } from './table.ts';

/** A question to the records of a source, such as "did this recipient get that order?". */
export class SearchPanel {
	readonly element: HTMLElement;

	constructor(topic: string, search: OperatorSearch, source: string) {
		const result = element('div', { role: 'status' });
		const inputs = search.fields.map(({ field, label }) => ({
			field,
			label,
			input: element('input', { type: 'text', name: field, autocomplete: 'off' }),
		}));
		const ask = async () => {
			const filled = inputs.filter(({ input }) => input.value.trim() !== '');
			if (filled.length === 0) return inputs[0]?.input.focus();
			result.replaceChildren(icon('fa-spinner fa-spin'));
			try {
				const body = Object.fromEntries(filled.map(({ field, input }) => [field, input.value.trim()]));
				const { rows } = await request<OperatorList>('POST', `operator/${topic}/${search.action}`, { source, ...body });
				const found = table({ caption: RED._(search.title), columns: search.columns, rows });
				result.replaceChildren(rows.length ? found : element('p', {}, RED._(search.empty)));
			} catch (failure) {
				result.replaceChildren(element('p', { class: 'clinic-hub-problem' }, failureText(failure as RequestFailure)));
			}
		};
		const submit = button(RED._(search.button), { icon: 'fa-search' }, () => {});
		// Enter in a box sends the form only where there is a button of this type.
		submit.type = 'submit';
		const form = element(
			'form',
			{
				submit: (event) => {
					event.preventDefault();
					void ask();
				},
			},
			...inputs.map(({ label, input }) => element('label', {}, RED._(label), input)),
			submit,
		);
		this.element = element(
			'details',
			{ class: 'clinic-hub-search' },
			element('summary', {}, RED._(search.title)),
			form,
			result,
		);
	}
}
