/** The page on which a person consents, and the one that says why they cannot. */
import { escaped, layout } from './layout.ts';
import { type Language, scopeText, word } from './words.ts';
import type { OAuthClient, User } from './world.ts';

export function consentPage(view: {
	client: OAuthClient;
	scopes: string[];
	users: User[];
	query: URLSearchParams;
	language: Language;
}): string {
	const { client, scopes, users, query, language } = view;
	const hidden = [...query].filter(([name]) => !['granted', 'account', 'decision'].includes(name));
	const fields = hidden.map(
		([name, value]) => `<input type="hidden" name="${escaped(name)}" value="${escaped(value)}">`,
	);
	const accounts = users.map(
		({ email, name }, index) =>
			`<label><input type="radio" name="account" value="${escaped(email)}" ${index === 0 ? 'checked' : ''}> ${escaped(name)} <small>${escaped(email)}</small></label>`,
	);
	const boxes = scopes.map(
		(scope) =>
			`<label><input type="checkbox" name="granted" value="${escaped(scope)}" checked> ${escaped(scopeText(language, scope))}</label>`,
	);
	const name = client.name;
	const warning = client.publishing === 'testing' ? `<p class="warning">${word(language, 'testing')}</p>` : '';
	return layout(
		language,
		word(language, 'signIn'),
		`<form class="card" method="post" action="/o/oauth2/v2/auth">${fields.join('')}
<h1>${escaped(word(language, 'wants', { name }))}</h1>${warning}
<fieldset><legend>${word(language, 'account')}</legend>${accounts.join('')}</fieldset>
<fieldset><legend>${escaped(word(language, 'lets', { name }))}</legend>${boxes.join('')}</fieldset>
<p class="buttons"><button name="decision" value="deny" class="plain">${word(language, 'deny')}</button>
<button name="decision" value="allow">${word(language, 'allow')}</button></p></form>`,
	);
}

export function refusalPage(view: { status: number; error: string; text: string; language: Language }): string {
	const { status, error, text, language } = view;
	return layout(
		language,
		word(language, 'signIn'),
		`<div class="card"><h1>${word(language, 'blocked')}</h1><p>${escaped(text)}</p>
<p><strong>${escaped(word(language, 'error', { status, error }))}</strong></p></div>`,
	);
}
