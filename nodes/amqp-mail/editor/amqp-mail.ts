/** Registers `amqp-mail` with the editor and runs its dialog. */

import type { EditorNode } from '../../runtime/editor/red.ts';
import { checks } from './checks.ts';
import { CodeBox } from './code-box.ts';
import { editing } from './dialog-state.ts';
import { follow, input, isChecked, recheck } from './input.ts';
import { mark } from './mark.ts';
import { TemplateTab } from './template-tab.ts';

const PAGES = ['mail', 'templates', 'delivery', 'protection'] as const;

/** Drafts have an output of their own. */
const OUTPUTS = { plain: 2, compose: 3 } as const;

const DEFAULTS = {
	kind: 'purchase',
	defaultLanguage: 'es',
	levels: '10s 1m 10m 1h 6h',
	onUnknown: 'resend',
	deliveryLimit: '20',
	draftTimeout: '30',
	retryExchange: 'email_retry',
	resultsExchange: 'email_results',
};

/** Shown in empty boxes: for the order what an empty box means, for another kind of mail what it could be. */
const ORDER_EXAMPLES = { queue: 'queue', exchange: 'exchange', routingKey: 'routingKey' };
const CUSTOM_EXAMPLES = { queue: 'customQueue', exchange: 'customExchange', routingKey: 'customRoutingKey' };

let templateTab: TemplateTab | undefined;
let schemaBox: CodeBox | undefined;

function showPage(page: string): void {
	for (const part of document.querySelectorAll<HTMLElement>('[data-amqp-mail-page]')) {
		part.hidden = part.dataset['amqpMailPage'] !== page;
	}
	templateTab?.resize();
}

/** Shows what belongs to the chosen kind and to what is switched on. */
function showParts(): void {
	const shown: Record<string, boolean> = {
		custom: input('kind').value === 'custom',
		purchase: input('kind').value !== 'custom',
		compose: isChecked('compose'),
		results: isChecked('publishResults'),
	};
	for (const part of document.querySelectorAll<HTMLElement>('[data-amqp-mail-when]')) {
		part.hidden = !shown[part.dataset['amqpMailWhen'] ?? ''];
	}
	input('outputs').value = String(isChecked('compose') ? OUTPUTS.compose : OUTPUTS.plain);
}

/** A kind of mail of the node's own needs what the order's has already. */
function checkAgain(node: EditorNode): void {
	for (const name of ['kindName', 'queue', 'exchange', 'routingKey', 'odooUrl']) recheck(name);
	const example = input('kind').value === 'custom' ? CUSTOM_EXAMPLES : ORDER_EXAMPLES;
	for (const [name, key] of Object.entries(example)) {
		input(name).setAttribute('placeholder', node._(`amqp-mail.placeholder.${key}`));
	}
	mark('amqp-mail-schema', checks.schema.call(node, schemaBox?.value));
}

function close(): void {
	editing(undefined);
	templateTab?.close();
	schemaBox?.destroy();
	templateTab = undefined;
	schemaBox = undefined;
}

RED.nodes.registerType('amqp-mail', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'amqp-mail.svg',
	inputs: 1,
	outputs: OUTPUTS.plain,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		outputs: { value: OUTPUTS.plain },
		broker: { type: 'amqp-broker', value: '', required: true },
		smtp: { type: 'smtp-server', value: '', required: true },
		kind: { value: DEFAULTS.kind },
		kindName: { value: '', validate: checks.kindName },
		exchange: { value: '', validate: checks.name('exchange') },
		routingKey: { value: '', validate: checks.name('routingKey') },
		queue: { value: '', validate: checks.name('queue') },
		retryExchange: { value: DEFAULTS.retryExchange },
		schema: { value: '', validate: checks.schema },
		templates: { value: [], validate: checks.templates },
		defaultLanguage: { value: DEFAULTS.defaultLanguage, validate: checks.text('defaultLanguage', { optional: true }) },
		sample: { value: '' },
		odooUrl: { value: '', validate: checks.origin('odooUrl') },
		odooInternalUrl: { value: '', validate: checks.origin('odooInternalUrl') },
		attachDocument: { value: false },
		fromMessage: { value: false },
		levels: { value: DEFAULTS.levels, validate: checks.levels },
		onUnknown: { value: DEFAULTS.onUnknown },
		prefetch: { value: '', validate: checks.integer('prefetch', 1, 1000, { optional: true }) },
		deliveryLimit: {
			value: DEFAULTS.deliveryLimit,
			validate: checks.integer('deliveryLimit', 5, 1000, { optional: true }),
		},
		databases: { value: '', validate: checks.databases },
		sampleRecipients: { value: '', validate: checks.addresses },
		sampleBroker: { type: 'amqp-broker', value: '', required: false },
		publishResults: { value: false },
		resultsExchange: { value: DEFAULTS.resultsExchange },
		compose: { value: false },
		draftTimeout: {
			value: DEFAULTS.draftTimeout,
			validate: checks.integer('draftTimeout', 1, 300, { optional: true }),
		},
	},
	credentials: { keys: { type: 'password' } },
	label() {
		return this.name || 'amqp-mail';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('amqp-mail.port.input');
	},
	outputLabels(index: number) {
		return this._(`amqp-mail.port.${['outcomes', 'health', 'drafts'][index]}`);
	},
	oneditprepare() {
		editing(this);
		const tabs = RED.tabs.create({
			id: 'amqp-mail-tabs',
			onchange: ({ id }) => showPage(id.replace('amqp-mail-page-', '')),
		});
		for (const page of PAGES) tabs.addTab({ id: `amqp-mail-page-${page}`, label: this._(`amqp-mail.page.${page}`) });
		// A flow that was written by hand may leave out what has a default.
		for (const [name, value] of Object.entries(DEFAULTS)) if (!input(name).value) input(name).value = value;
		follow(['kind', 'compose', 'publishResults'], showParts);
		schemaBox = new CodeBox('amqp-mail-schema', 'json', String(this['schema'] ?? ''), () => {
			mark('amqp-mail-schema', checks.schema.call(this, schemaBox?.value));
			templateTab?.draw();
		});
		follow(['kind', 'attachDocument'], () => checkAgain(this));
		templateTab = new TemplateTab(this, () => schemaBox?.value ?? '');
		void templateTab.open();
	},
	oneditsave() {
		this['schema'] = schemaBox?.value ?? '';
		templateTab?.save();
		close();
	},
	oneditcancel: close,
	oneditresize() {
		templateTab?.resize();
	},
});
