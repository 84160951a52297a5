/** The part of the dialog in which a person proves that the recovery key is at hand: a file to decrypt, a code to type. */

import { screenOf } from '../../runtime/editor/connection-test.ts';
import { element, icon } from '../../runtime/editor/elements.ts';
import { failureText } from '../../runtime/editor/failure.ts';
import { missingRight } from '../../runtime/editor/permissions.ts';
import type { EditorNode } from '../../runtime/editor/red.ts';
import { type RequestFailure, request } from '../../runtime/editor/request.ts';
import { type EditorPhrase, fullTime, inWords, translatorOf } from '../../runtime/editor/words.ts';

interface Answer {
	ok: boolean;
	phrase: EditorPhrase;
	file?: string;
	checkedAt?: number;
}

const FIELDS = ['odoo', 'source', 'format', 'encryption', 'recovery', 'spool', 'firstByte', 'idle', 'limit'];
const SECRETS = ['drill', 'signing'];

const FILE_NAME = 'recovery-test.age';

/** Both are needed: the second lets backups begin. */
const PERMISSIONS = ['flows.write', 'clinic-hub.backup.check-key'];

function download(base64: string): void {
	const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
	const url = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
	element('a', { href: url, download: FILE_NAME }).click();
	URL.revokeObjectURL(url);
}

/** Fills the container; call in `oneditprepare`. */
export function keyProof(node: EditorNode): void {
	const container = document.querySelector('#odoo-backup-proof');
	if (!container) return;
	const result = element('div', { class: 'clinic-hub-test-result', role: 'status' });
	const code = element('input', {
		type: 'text',
		id: 'odoo-backup-code',
		autocomplete: 'off',
		placeholder: 'XXXX-XXXX-XXXX-XXXX',
	});
	const ask = async (path: string, extra: Record<string, unknown> = {}) => {
		for (const one of buttons) one.disabled = true;
		try {
			const screen = screenOf({ node, fields: FIELDS, secrets: SECRETS });
			const answer = await request<Answer>('POST', `backup/${path}`, { ...screen, ...extra });
			if (answer.file) download(answer.file);
			const at = answer.checkedAt === undefined ? '' : ` · ${fullTime(answer.checkedAt)}`;
			show(answer.ok ? 'ok' : 'failed', inWords(answer.phrase, translatorOf(node)) + at);
		} catch (failure) {
			show('failed', failureText(failure as RequestFailure));
		} finally {
			for (const one of buttons) one.disabled = !allowed;
		}
	};
	const show = (tone: 'ok' | 'failed', words: string) => {
		result.dataset['tone'] = tone;
		const symbol = tone === 'ok' ? 'fa-check-circle' : 'fa-exclamation-triangle';
		result.replaceChildren(icon(symbol), element('span', {}, element('strong', {}, words)));
	};
	const make = (key: string, symbol: string, click: () => void) =>
		element('button', { type: 'button', class: 'red-ui-button', click }, icon(symbol), ` ${node._(key)}`);
	const file = make('odoo-backup.key.file', 'fa-download', () => void ask('key-file'));
	const confirm = make('odoo-backup.key.confirm', 'fa-check', () => void ask('key-code', { code: code.value }));
	const buttons = [file, confirm];
	const missing = missingRight(PERMISSIONS);
	const allowed = missing === undefined;
	for (const one of buttons) {
		one.disabled = !allowed;
		if (missing !== undefined) one.title = missing;
	}
	const label = element('label', { for: code.id }, node._('odoo-backup.key.code'));
	container.replaceChildren(
		element('div', { class: 'clinic-hub-test' }, file),
		element('div', { class: 'clinic-hub-test' }, label, code, confirm),
		result,
	);
	if (allowed && node['changed'] !== true && node.credentials !== undefined) void ask('key-state');
}
