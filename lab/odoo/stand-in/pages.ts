/** The stand-in's pages: purchases with a button that confirms, and what a supplier sees by the link of a mail. */
import { CLINIC } from './clinic.ts';
import { linesOf } from './purchases.ts';
import type { Row, Value } from './records.ts';
import type { Shop } from './shop.ts';
import { type Language, type Word, word } from './words.ts';

const STYLE = `
:root { --brand: #714b67; --line: #dee2e6; --muted: #6c757d; --ink: #1f2937; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: #f4f5f7; }
header { display: flex; gap: 1.5rem; align-items: baseline; padding: .7rem 2rem; color: #fff; background: var(--brand); }
header b { font-size: 1.1rem; } header a { margin-left: auto; color: #fff; }
aside { padding: .6rem 2rem; background: #fff3cd; border-bottom: 1px solid #ffe08a; color: #664d03; }
aside small { display: block; }
main { max-width: 76rem; margin: 1.5rem auto; padding: 0 2rem; }
h1 { font-size: 1.4rem; font-weight: 600; margin: 0; } h1 + p { margin: .3rem 0 1rem; color: var(--muted); }
.bar { display: flex; gap: 1rem; align-items: center; justify-content: space-between; margin-bottom: 1rem; }
.note { margin: 0 0 1rem; padding: .6rem 1rem; border-radius: 6px; background: #d1f1dd; color: #0a5a2f; }
table { width: 100%; border-collapse: collapse; background: #fff; border: 1px solid var(--line); border-radius: 8px; }
th, td { padding: .6rem .8rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: middle; }
th { color: var(--muted); font-weight: 600; font-size: .85rem; } tr:last-child td { border-bottom: 0; }
.amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.badge { padding: .15rem .6rem; border-radius: 99px; font-size: .82rem; white-space: nowrap; background: #e9ecef; }
.purchase, .published { background: #d1f1dd; color: #0a5a2f; } .pending { background: #d6e9fb; color: #0b4a86; }
.late { background: #fff3cd; color: #664d03; } .unsent { background: #f8d7da; color: #842029; }
.day { white-space: nowrap; }
td small { display: block; color: var(--muted); max-width: 22rem; }
.wide { overflow-x: auto; } .actions { display: flex; flex-wrap: wrap; gap: .6rem 1.5rem; align-items: center; justify-content: flex-end; }
button { font: inherit; padding: .35rem .9rem; border: 0; border-radius: 6px; background: var(--brand); color: #fff; cursor: pointer; white-space: nowrap; }
button:hover { background: #5a3b52; } button.plain { background: #fff; color: var(--brand); border: 1px solid var(--brand); }
a { color: var(--brand); } form { margin: 0; }
@media (max-width: 40rem) {
	header, aside { padding-inline: 1rem; } main { padding: 0 1rem; } header { flex-wrap: wrap; gap: 0 1rem; }
	.purchases thead { display: none; }
	.purchases tr { display: flex; flex-wrap: wrap; gap: .2rem .8rem; align-items: center; padding: .7rem .8rem; border-bottom: 1px solid var(--line); }
	.purchases td { padding: 0; border: 0; } .purchases td:empty { display: none; } .purchases td:last-child { margin-left: auto; }
}
`;

/** Shows how mails move on without loading the page; harmless without scripts. */
const SCRIPT = `
setInterval(async () => {
	const answer = await fetch(location.href).catch(() => undefined);
	if (!answer?.ok) return;
	const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
	const fresh = page.querySelector('tbody'), shown = document.querySelector('tbody');
	if (fresh && shown && fresh.innerHTML !== shown.innerHTML) shown.innerHTML = fresh.innerHTML;
}, 1000);
`;

export function escaped(value: Value | undefined): string {
	const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
	return String(value || '').replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

function localeOf(language: Language): string {
	return language === 'es' ? 'es-CL' : 'en-US';
}

function money(language: Language, amount: Value | undefined): string {
	return Number(amount).toLocaleString(localeOf(language), { style: 'currency', currency: CLINIC.currency });
}

/** @param token of the address, which the link to the other language keeps */
function layout(language: Language, body: string, { script = '', token = '' } = {}): string {
	const query = token && `&access_token=${encodeURIComponent(token)}`;
	const other = language === 'es' ? 'en' : 'es';
	return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<title>${word(language, 'title')} · ${escaped(CLINIC.company.name)}</title><style>${STYLE}</style></head>
<body><header><b>${word(language, 'title')}</b><span>${escaped(CLINIC.company.name)}</span>
<a href="?lang=${other}${escaped(query)}" hreflang="${other}">${word(language, 'other')}</a></header>
<aside role="note"><strong>${word(language, 'label')}</strong><small>${word(language, 'real')}</small></aside>
<main>${body}</main>${script && `<script>${script}</script>`}</body></html>`;
}

function mailCell(shop: Shop, language: Language, order: Row): string {
	const row = shop.outbox.about(order.id);
	if (row === undefined) return '';
	const late = row.state === 'pending' && row.reason_code ? ' late' : '';
	const reason = row.reason_code ? `<small>${escaped(row.reason)}</small>` : '';
	return `<span class="badge ${row.state}${late}">${word(language, row.state as Word)}</span>${reason}`;
}

function confirmButton(language: Language, order: Row): string {
	if (order.state !== 'draft') return '';
	return `<form method="post" action="/purchase/${order.id}/confirm?lang=${language}"><button>${word(language, 'confirm')}</button></form>`;
}

/** Every purchase, newest first. `confirmed` is said above them. */
export function listPage(shop: Shop, language: Language, confirmed?: { name: string; ms: number }): string {
	const { records } = shop;
	const head = (['number', 'supplier', 'buyer', 'planned'] as const).map((name) => `<th>${word(language, name)}</th>`);
	const rows = records
		.search('purchase.order')
		.toReversed()
		.map((order) => {
			return `<tr><td><a href="/purchase/${order.id}?lang=${language}">${escaped(order.name)}</a></td>
<td>${escaped(records.read('res.partner', Number(order.partner_id))?.name)}</td>
<td>${escaped(records.read('res.users', Number(order.user_id))?.name)}</td>
<td class="day">${escaped(order.date_planned).slice(0, 10)}</td>
<td class="amount">${money(language, order.amount_total)}</td>
<td><span class="badge ${order.state}">${word(language, order.state as Word)}</span></td>
<td>${mailCell(shop, language, order)}</td><td>${confirmButton(language, order)}</td></tr>`;
		});
	const note = confirmed ? `<p class="note">${escaped(word(language, 'confirmed', confirmed))}</p>` : '';
	return layout(
		language,
		`<div class="bar"><h1>${word(language, 'title')}</h1>
<form method="post" action="/purchases?lang=${language}"><button class="plain">${word(language, 'create')}</button></form></div>${note}
<table class="purchases"><thead><tr>${head.join('')}<th class="amount">${word(language, 'total')}</th><th>${word(language, 'state')}</th>
<th>${word(language, 'mail')}</th><th></th></tr></thead><tbody>${rows.join('\n')}</tbody></table>`,
		{ script: SCRIPT },
	);
}

/** One purchase; for a supplier without the way back to the others. */
export function orderPage(shop: Shop, language: Language, order: Row, { portal = false } = {}): string {
	const { records } = shop;
	const lines = linesOf(records, order.id).map(
		(
			line,
		) => `<tr><td>${escaped(line.name)}</td><td class="amount">${Number(line.product_qty).toLocaleString(localeOf(language))}</td>
<td class="amount">${money(language, line.price_unit)}</td><td class="amount">${money(language, line.price_subtotal)}</td></tr>`,
	);
	const sums = (['untaxed', 'tax', 'total'] as const).map(
		(name) =>
			`<tr><td colspan="3" class="amount">${word(language, name)}</td><td class="amount">${money(language, order[`amount_${name}`])}</td></tr>`,
	);
	const back = `<a href="/?lang=${language}">← ${word(language, 'back')}</a>`;
	const actions = portal ? '' : `<div class="actions">${back}${confirmButton(language, order)}</div>`;
	return layout(
		language,
		`<div class="bar"><div><h1>${escaped(order.name)} <span class="badge ${order.state}">${word(language, order.state as Word)}</span></h1>
<p>${escaped(records.read('res.partner', Number(order.partner_id))?.name)} ${order.partner_ref ? `· ${escaped(order.partner_ref)}` : ''}</p></div>${actions}</div>
<div class="wide"><table><thead><tr><th>${word(language, 'product')}</th><th class="amount">${word(language, 'quantity')}</th>
<th class="amount">${word(language, 'price')}</th><th class="amount">${word(language, 'total')}</th></tr></thead>
<tbody>${lines.join('\n')}${sums.join('\n')}</tbody></table></div>`,
		portal ? { token: String(order.access_token) } : {},
	);
}

export function missingPage(language: Language): string {
	return layout(language, `<h1>${word(language, 'missing')}</h1>`);
}
