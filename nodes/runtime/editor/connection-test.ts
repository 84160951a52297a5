/** The button "Test connection" of a dialog. Sends what stands on the screen, deployed or not. */
import { element, icon } from './elements.ts';
import { failureText } from './failure.ts';
import { missingRight } from './permissions.ts';
import type { EditorNode } from './red.ts';
import { type RequestFailure, request } from './request.ts';
import { type EditorPhrase, editorLanguage, inWords, sharedText, translatorOf } from './words.ts';

export interface ConnectionTestOptions {
	node: EditorNode;
	/** Element that gets the button and the answer. */
	container: string;
	/** Names of the properties and of the credentials, as in the dialog's ids. */
	fields: string[];
	secrets: string[];
	/** Property that holds a `tls-config` node. */
	tlsField?: string;
	/** Adds a box and a button that sends a mail there. */
	mail?: boolean;
	/** Label in the shared catalogue; default `test.button`. */
	label?: string;
	/** Needed beside the right to deploy. */
	permission?: string;
}

interface Answer {
	ok: boolean;
	phrase: EditorPhrase;
	text?: string;
	open?: boolean;
	findings?: Finding[];
}

interface Finding {
	level: 'ok' | 'warning' | 'failed';
	text: { en: string; es: string };
}

const LEVEL_SYMBOL = { ok: 'fa-check', warning: 'fa-exclamation-circle', failed: 'fa-times' } as const;

/** Credentials as the editor holds them: beside values also `_` (copies) and `has_…` flags. */
const NOT_A_VALUE = /^(_|has_)/;

/** @param node whose dialog it is: connections and nodes may have one open at the same time */
function onScreen({ _def }: EditorNode, name: string): unknown {
	const prefix = _def.category === 'config' ? 'node-config-input' : 'node-input';
	const input = document.querySelector<HTMLInputElement | HTMLSelectElement>(`#${prefix}-${name}`);
	if (input instanceof HTMLInputElement && input.type === 'checkbox') return input.checked;
	return input?.value ?? '';
}

function tlsOnScreen(id: unknown): Record<string, unknown> | undefined {
	const node = typeof id === 'string' && id !== '_ADD_' ? RED.nodes.node(id) : null;
	if (!node) return undefined;
	const config = Object.keys(node._def.defaults).map((name) => [name, node[name]]);
	const credentials = Object.entries(node.credentials ?? {}).filter(([name]) => !NOT_A_VALUE.test(name));
	return { config: Object.fromEntries(config), credentials: Object.fromEntries(credentials) };
}

/** What stands in the dialog, as the routes of the hub read it. */
export function screenOf({
	node,
	fields,
	secrets,
	tlsField,
}: Pick<ConnectionTestOptions, 'node' | 'fields' | 'secrets' | 'tlsField'>): Record<string, unknown> {
	const tls = tlsField && tlsOnScreen(onScreen(node, tlsField));
	return {
		id: node.id,
		config: Object.fromEntries(fields.map((name) => [name, onScreen(node, name)])),
		credentials: Object.fromEntries(secrets.map((name) => [name, onScreen(node, name)])),
		...(tls ? { tls } : {}),
	};
}

/** What was looked at, one by one. */
function findingList(findings: Finding[]): HTMLElement {
	const language = editorLanguage();
	const rows = findings.map(({ level, text }) =>
		element('li', { 'data-level': level }, icon(LEVEL_SYMBOL[level]), element('span', {}, text[language])),
	);
	return element('ul', { class: 'clinic-hub-findings' }, ...rows);
}

/** What the system itself said, which is English whatever the reader speaks: folded where the words above say enough. */
function original(text: string, unfolded = false): HTMLElement {
	return element('details', { open: unfolded }, element('summary', {}, sharedText('test.original')), text);
}

/** Fills the container; call in `oneditprepare`. */
export function connectionTest(options: ConnectionTestOptions): void {
	const container = document.querySelector(options.container);
	if (!container) return;
	const { node } = options;
	const result = element('div', { class: 'clinic-hub-test-result', role: 'status' });
	const show = (tone: 'busy' | 'ok' | 'failed', words: string, ...details: (HTMLElement | undefined)[]) => {
		result.dataset['tone'] = tone;
		const symbol = { busy: 'fa-spinner fa-spin', ok: 'fa-check-circle', failed: 'fa-exclamation-triangle' }[tone];
		result.replaceChildren(icon(symbol), element('span', {}, element('strong', {}, words), ...details));
	};
	const run = async (path: string, extra: Record<string, unknown>, buttons: HTMLButtonElement[]) => {
		for (const one of buttons) one.disabled = true;
		show('busy', sharedText('test.running'));
		try {
			const answer = await request<Answer>('POST', `test/${path}`, { ...screenOf(options), ...extra });
			const words = inWords(answer.phrase, translatorOf(node));
			const list = answer.findings?.length ? findingList(answer.findings) : undefined;
			show(answer.ok ? 'ok' : 'failed', words, list, answer.text ? original(answer.text, answer.open) : undefined);
		} catch (failure) {
			show('failed', failureText(failure as RequestFailure));
		} finally {
			for (const one of buttons) one.disabled = false;
		}
	};

	const row = element('div', { class: 'clinic-hub-test' });
	const make = (label: string, symbol: string, click: () => void) =>
		element('button', { type: 'button', class: 'red-ui-button', click }, icon(symbol), ` ${sharedText(label)}`);
	const buttons: HTMLButtonElement[] = [];
	const { label: words = 'test.button', permission } = options;
	const test = make(words, permission ? 'fa-paper-plane' : 'fa-plug', () => void run(node.type, {}, buttons));
	buttons.push(test);
	row.append(test);
	const missing = missingRight(['flows.write', ...(permission ? [permission] : [])]);
	if (missing !== undefined) {
		test.disabled = true;
		test.title = missing;
	}
	container.replaceChildren(row);
	if (options.mail && RED.user.hasPermission('clinic-hub.smtp.test-mail') && !test.disabled) {
		const to = element('input', { type: 'email', id: 'clinic-hub-test-mail-to', autocomplete: 'off' });
		const send = make(
			'test.mailButton',
			'fa-paper-plane',
			() => void run(`${node.type}/mail`, { to: to.value }, buttons),
		);
		buttons.push(send);
		const label = element('label', { for: to.id }, sharedText('test.mailTo'));
		container.append(element('div', { class: 'clinic-hub-test' }, label, to, send));
	}
	container.append(result);
}
