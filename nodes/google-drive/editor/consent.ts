/** The part of the dialog that has a person consent at Google, in a window of its own. */

import { screenOf } from '../../runtime/editor/connection-test.ts';
import { failureText } from '../../runtime/editor/failure.ts';
import { missingRight } from '../../runtime/editor/permissions.ts';
import type { EditorNode } from '../../runtime/editor/red.ts';
import { type RequestFailure, request } from '../../runtime/editor/request.ts';
import { editorLanguage } from '../../runtime/editor/words.ts';

export const FIELDS = ['accountType', 'clientId', 'folder', 'folderName', 'purpose', 'domains'] as const;
export const SECRETS = ['clientSecret', 'serviceKey'] as const;

const PERMISSIONS = ['flows.write', 'clinic-hub.drive.connect'];

interface State {
	connected: boolean;
	expiresAt?: number;
	problem?: { en: string; es: string };
}

interface End {
	ok: boolean;
	/** Why not, in the language of the dialog. */
	text?: string;
}

/** Where Google sends the browser back: exactly this must be registered there. */
const redirectUri = (): string => new URL('clinic-hub/google-drive/return', location.origin + location.pathname).href;

const subscribed = new Set<string>();
/** The dialog that is open, if any. */
let heard: ((end: End) => void) | undefined;

/** Call in `oneditprepare`. */
export function startConsent(node: EditorNode): void {
	const find = <T extends HTMLElement>(id: string) => document.querySelector<T>(`#${id}`);
	const address = find<HTMLInputElement>('google-drive-redirect');
	const refused = find('google-drive-refused');
	const button = find<HTMLButtonElement>('google-drive-connect');
	const words = find('google-drive-consent');
	const clientId = find<HTMLInputElement>('node-config-input-clientId');
	if (!address || !refused || !button || !words || !clientId) return;
	address.value = redirectUri();
	address.addEventListener('focus', () => address.select());

	const say = (tone: 'ok' | 'failed' | 'none', text: string) => {
		words.dataset['tone'] = tone;
		words.textContent = text;
	};
	const look = async () => {
		try {
			const asked = { id: node.id, clientId: clientId.value, redirectUri: redirectUri() };
			const { connected, expiresAt, problem } = await request<State>('POST', 'google-drive/state', asked);
			refused.textContent = problem?.[editorLanguage()] ?? '';
			refused.hidden = problem === undefined;
			button.disabled = problem !== undefined || missingRight(PERMISSIONS) !== undefined;
			if (!connected) return say('none', node._('google-drive.consent.none'));
			const day = expiresAt === undefined ? '' : new Date(expiresAt).toLocaleDateString(editorLanguage());
			say('ok', node._(day ? 'google-drive.consent.until' : 'google-drive.consent.given', { day }));
		} catch (failure) {
			button.disabled = true;
			say('failed', failureText(failure as RequestFailure));
		}
	};
	heard = ({ ok, text = '' }) => {
		if (ok) void look();
		else say('failed', text);
	};
	const topic = `clinic-hub/google-drive/${node.id}`;
	if (!subscribed.has(topic)) {
		subscribed.add(topic);
		RED.comms.subscribe(topic, (_topic: string, end: never) => heard?.(end));
	}
	button.addEventListener('click', () => void connect(node, say));
	clientId.addEventListener('change', () => void look());
	button.title = missingRight(PERMISSIONS) ?? '';
	void look();
}

async function connect(node: EditorNode, say: (tone: 'failed' | 'none', text: string) => void): Promise<void> {
	// Opened by the click itself, or the browser takes it for an advertisement.
	const page = window.open('about:blank', '_blank');
	say('none', node._('google-drive.consent.waiting'));
	try {
		const screen = screenOf({ node, fields: [...FIELDS], secrets: [...SECRETS] });
		const asked = { ...screen, redirectUri: redirectUri(), language: editorLanguage() };
		const { page: target } = await request<{ page: string }>('POST', 'google-drive/connect', asked);
		if (!page) return say('failed', node._('google-drive.consent.blocked'));
		page.opener = null;
		page.location.href = target;
	} catch (failure) {
		page?.close();
		say('failed', failureText(failure as RequestFailure));
	}
}
