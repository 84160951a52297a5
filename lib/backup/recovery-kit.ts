/** The recovery kit: one page to print, with everything that brings the clinic back when the server is gone. */

import { recipientOf } from './age-keys.ts';
import { DEMO_RECOVERY } from './keys.ts';
import { KIT_WORDS, type KitLanguage } from './kit-words.ts';
import { keyIdOf } from './signature.ts';

export interface RecoveryKit {
	language: KitLanguage;
	/** Secret: `AGE-SECRET-KEY-1…`. */
	recoveryIdentity: string;
	/** Public, newest first: `clinic-hub-verify-…`. */
	verifying: readonly string[];
	/** Of the consent to Google Drive; absent with a service account. */
	oauth?: { clientId: string; clientSecret: string };
	/** Name or address of the folder, and the account that owns it; a line to write on when not known. */
	folder?: string;
	account?: string;
	made: Date;
}

/** Characters a group: what the eye holds while a hand types. */
const GROUP = 6;

/** Works without a network and in any browser; nothing in it is a script. */
const STYLE = `
@page { margin: 15mm }
body { font: 11pt/1.4 sans-serif; max-width: 180mm; margin: 1em auto; padding: 0 1em; color: #000; background: #fff }
h1 { font-size: 18pt; margin: 0 0 .3em } h2 { font-size: 13pt; margin: 1.2em 0 .3em; break-after: avoid }
code, .key { font-family: monospace } .key { font-size: 13pt; border: 1px solid #000; padding: .4em .6em; overflow-wrap: anywhere; break-inside: avoid }
.key + .key { margin-top: .3em } .secret { border: 2px solid #000; padding: .4em .6em; font-weight: bold }
.command { background: #eee; padding: .2em .4em; display: block; overflow-wrap: anywhere } small { color: #333 } li { margin: .2em 0 }
.line { border-bottom: 1px solid #000; display: block; min-height: 1.6em }`;

/**
 * @returns an HTML page; secret, for it holds the recovery key
 * @throws HubError `KEY_INVALID`
 */
export async function recoveryKit(kit: RecoveryKit): Promise<string> {
	const words = KIT_WORDS[kit.language];
	const recipient = await recipientOf(kit.recoveryIdentity);
	const demo = recipient === DEMO_RECOVERY.recipient;
	const list = (items: readonly (string | { command: string })[]) =>
		`<ol>${items
			.map((item) =>
				typeof item === 'string'
					? `<li>${escaped(item)}</li>`
					: `<li><code class="command">${escaped(item.command)}</code></li>`,
			)
			.join('\n')}</ol>`;
	const known = (text: string | undefined) =>
		text ? `<div class="key">${escaped(text)}</div>` : `<span class="line"><small>${words.writeHere}</small></span>`;
	const verifying = kit.verifying.map(
		(key) => `<div class="key">${escaped(key)}<br><small>${words.keyId} ${keyIdOf(key)}</small></div>`,
	);
	const oauth = kit.oauth
		? `<p>${words.oauthHint}</p><div class="key">${escaped(kit.oauth.clientId)}<br>${escaped(kit.oauth.clientSecret)}</div>`
		: `<p>${words.oauthNone}</p>`;
	return `<!DOCTYPE html>
<html lang="${kit.language}">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${words.title}</title>
<style>${STYLE}</style>
<h1>${words.title}</h1>
<p class="secret">${demo ? words.demo : words.secret}</p>
<p>${words.made}: ${kit.made.toISOString().slice(0, 10)}</p>
<h2>${words.recovery}</h2>
<div class="key">${groups(kit.recoveryIdentity.trim())}</div>
<p>${words.recoveryHint}</p>
<p><small>${words.recoveryPublic}: <code>${recipient}</code></small></p>
<h2>${words.verifying}</h2>
<p>${words.verifyingHint}</p>
${verifying.join('\n')}
<h2>${words.oauth}</h2>
${oauth}
<h2>${words.folder}</h2>
${known(kit.folder)}
<h2>${words.account}</h2>
${known(kit.account)}
<h2>${words.worstDay}</h2>
${list(words.before)}
<h2>${words.withCommand}</h2>
${list(words.withCommandSteps)}
<h2>${words.withoutCommand}</h2>
${list(words.withoutCommandSteps)}
<h2>${words.after}</h2>
${list(words.afterSteps)}
<h2>${words.keep}</h2>
${list(words.keepSteps)}
</html>
`;
}

/** The key alone, as the stock `age` reads it: for a memory stick beside the paper. */
export async function recoveryKeyFile(recoveryIdentity: string, made: Date): Promise<string> {
	const recipient = await recipientOf(recoveryIdentity);
	return `# created: ${made.toISOString()}\n# public key: ${recipient}\n${recoveryIdentity.trim()}\n`;
}

function escaped(text: string): string {
	return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Gaps that are seen but not copied: who copies the key from the screen gets one word. */
function groups(text: string): string {
	const parts = text.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? [];
	return parts.map((part) => `<span style="margin-right:.5em">${escaped(part)}</span>`).join('<wbr>');
}
