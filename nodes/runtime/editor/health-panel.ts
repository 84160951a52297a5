import type { Overview, OverviewCheck } from '../overview.ts';
import { button, element, icon, keepFocus } from './elements.ts';
import { inWords, sharedText, translatorOf } from './words.ts';

const STATE_SYMBOL = {
	ok: 'fa-check-circle',
	degraded: 'fa-exclamation-circle',
	failed: 'fa-times-circle',
	none: 'fa-info-circle',
} as const;
const ORDER = { failed: 0, degraded: 1, ok: 2 } as const;

/** The state of everything that runs: one line that says whether a person is needed, below it who asks for one. */
export class HealthPanel {
	readonly element = element('section', { class: 'clinic-hub-health', 'aria-live': 'polite' });
	#all = false;
	#checks: OverviewCheck[] = [];
	#counts: Overview['counts'] = [];
	#shown = '';

	update({ checks, counts }: Overview): void {
		this.#counts = counts;
		this.#checks = checks.toSorted((a, b) => ORDER[a.state] - ORDER[b.state] || a.label.localeCompare(b.label));
		this.#render();
	}

	#render(): void {
		const content = JSON.stringify([this.#checks, this.#counts, this.#all]);
		if (content === this.#shown) return;
		this.#shown = content;
		const waiting = this.#checks.filter(({ state }) => state !== 'ok');
		const listed = this.#all ? this.#checks : waiting;
		const worst = this.#checks[0]?.state ?? 'none';
		const toggle = button(
			this.#all ? sharedText('panel.showLess') : sharedText('panel.showAll', { count: this.#checks.length }),
			{ icon: this.#all ? 'fa-angle-up' : 'fa-angle-down', key: 'toggle' },
			() => {
				this.#all = !this.#all;
				this.#render();
			},
		);
		const draw = () =>
			this.element.replaceChildren(
				element(
					'p',
					{ class: 'clinic-hub-banner', 'data-state': worst },
					icon(STATE_SYMBOL[worst]),
					element('strong', {}, this.#checks.length ? summary(waiting.length) : sharedText('panel.noChecks')),
				),
				element('ul', { class: 'clinic-hub-checks' }, ...listed.map(line)),
				...this.#counts.map((phrase) => element('p', { class: 'clinic-hub-count' }, inWords(phrase))),
				this.#checks.length > 0 ? toggle : '',
			);
		keepFocus(this.element, draw);
	}
}

function summary(waiting: number): string {
	if (waiting === 0) return sharedText('panel.healthOk');
	return waiting === 1 ? sharedText('panel.healthOne') : sharedText('panel.healthAttention', { count: waiting });
}

function line({ label, part, state, text, phrase, node }: OverviewCheck): HTMLElement {
	const editorNode = node ? RED.nodes.node(node) : null;
	const words = phrase ? inWords(phrase, translatorOf(editorNode)) : text;
	return element(
		'li',
		{ 'data-state': state },
		icon(STATE_SYMBOL[state]),
		element(
			'span',
			{},
			element('strong', {}, part ? inWords(part) : label),
			element('span', { class: 'clinic-hub-hidden' }, ` (${sharedText(`panel.state.${state}`)})`),
			words !== '' && `: ${words}`,
		),
		!!editorNode &&
			button(sharedText('panel.goto'), { icon: 'fa-crosshairs', iconOnly: true }, () => RED.view.reveal(editorNode.id)),
	);
}
