/** The few pages of the sign-in: plain HTML without script, and nothing in them but words. */

import type { ServerResponse } from 'node:http';
import { type Language, words } from './words.ts';

export interface Page {
	status: number;
	language: Language;
	title: string;
	text: string;
	/** For IT; shown small. */
	detail?: string;
	/** Where the button leads: a path of the hub. */
	button?: { label: string; href: string };
	/** The browser goes there after so many seconds; without an address to the same page. */
	retry?: { seconds: number; href?: string };
	/** A password field that is posted to that path. */
	form?: { action: string; label: string; button: string };
	/** Closes a window that was opened for this. */
	closes?: boolean;
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;color:#333;background:#f3f4f5;margin:0}
main{max-width:32em;margin:12vh auto;padding:24px 28px;background:#fff;border:1px solid #ccd;border-radius:6px}
h1{font-size:20px;margin:0 0 8px}p{margin:0 0 16px;overflow-wrap:anywhere}small{color:#667}
a,button{display:inline-block;padding:8px 16px;border:0;border-radius:4px;background:#8c101c;color:#fff;font:inherit;text-decoration:none;cursor:pointer}
input{font:inherit;padding:7px;width:100%;box-sizing:border-box;margin:4px 0 16px;border:1px solid #aab;border-radius:4px}`;

/** Closing itself is the one thing that a page of the sign-in does by script; its hash stands in the policy. */
const CLOSE = 'window.close()';
const CLOSE_HASH = "'sha256-jqxtvDkBbRAl9Hpqv68WdNOieepg8tJSYu1xIy7zT34='";

export function sendPage(response: ServerResponse, page: Page): void {
	const { language, title, text, detail, button, retry, form, closes } = page;
	response.writeHead(page.status, {
		'content-type': 'text/html; charset=utf-8',
		'content-security-policy': `default-src 'none'; style-src 'unsafe-inline'; ${closes ? `script-src ${CLOSE_HASH}; ` : ''}form-action 'self'; frame-ancestors 'none'; base-uri 'none'`,
		'cache-control': 'no-store',
		// Not `no-referrer`: a browser then posts a form as if it came from nowhere.
		'referrer-policy': 'same-origin',
		'x-content-type-options': 'nosniff',
		...(retry ? { refresh: retry.href ? `${retry.seconds}; url=${retry.href}` : String(retry.seconds) } : {}),
	});
	const parts = [
		`<h1>${escaped(title)}</h1><p>${escaped(text)}</p>`,
		detail ? `<p><small>${escaped(detail)}</small></p>` : '',
		form
			? `<form method="post" action="${escaped(form.action)}"><label>${escaped(form.label)}<input type="password" name="password" autocomplete="current-password" autofocus required></label><button>${escaped(form.button)}</button></form>`
			: '',
		button ? `<a href="${escaped(button.href)}">${escaped(button.label)}</a>` : '',
		closes ? `<script>${CLOSE}</script>` : '',
	];
	response.end(
		`<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escaped(title)}</title><meta name="viewport" content="width=device-width"><style>${STYLE}</style></head><body><main>${parts.join('')}</main></body></html>`,
	);
}

/** The page that names a failure in the person's language. */
export function failurePage(language: Language, code: string, detail: string, again: string): Page {
	const button = { label: words(language, 'tryAgain'), href: again };
	if (code === 'KEYCLOAK_UNREACHABLE') {
		const [title, text] = [words(language, 'unreachableTitle'), words(language, 'unreachable')];
		return { status: 503, language, title, text, button, retry: { seconds: 10, href: again } };
	}
	if (code === 'KEYCLOAK_ISSUER')
		return { status: 503, language, title: words(language, 'misnamedTitle'), text: detail, button };
	const [title, text] = [words(language, 'notConfirmedTitle'), words(language, 'notConfirmed')];
	return { status: 403, language, title, text, detail, button };
}

function escaped(text: string): string {
	return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
