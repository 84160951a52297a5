/** Random damage, seeded: `MAIL_FUZZ_SEED` repeats a run; the seed stands in the title of every test. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubError } from '../../../lib/errors.ts';
import { findActiveContent } from '../../../lib/mail/active-content.ts';
import { isAddress } from '../../../lib/mail/address.ts';
import { messageReader } from '../../../lib/mail/envelope.ts';
import { purchaseKind } from '../../../lib/mail/kind.ts';
import type { JsonObject, JsonValue } from '../../../lib/mail/message.ts';
import { render } from '../../../lib/mail/render.ts';
import { parseTemplate } from '../../../lib/mail/template-parser.ts';
import { full, seeded } from '../../seed.ts';
import { body, message } from './messages.ts';

const SEED = Number(process.env['MAIL_FUZZ_SEED'] ?? 20250603);
const ROUNDS = full(20_000, 2_000);
const ORIGIN = 'http://localhost:8069';

const FRAGMENTS = [
	'<script>',
	'</td>',
	'"',
	"'",
	'`',
	'\r\n',
	'\nBcc: evil@x.test',
	'\u0000',
	'\u202e',
	'\ud800',
	'{{',
	'}}',
	'{{#order.lines}}',
	'{{/order.lines}}',
	'{{{order.number}}}',
	'javascript:',
	'a@x.test',
	',',
	';',
	'<a@x.test>',
	'__proto__',
	'constructor',
	'1e99',
	'-0',
	'999999999999999.999999',
	'http://localhost:8069/',
	'https://evil.test/',
	'😀',
	'ñ',
	' ',
	'',
];

const { next, pick } = (() => {
	const next = seeded(SEED);
	return { next, pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T };
})();

function randomText(): string {
	return Array.from({ length: Math.floor(next() * 4) }, () => pick(FRAGMENTS)).join('');
}

function randomValue(depth = 0): JsonValue {
	const choice = next();
	if (choice < 0.5) return randomText();
	if (choice < 0.6) return pick([0, -1, 1.5, 2 ** 60, 1e308]);
	if (choice < 0.7) return pick([true, false, null]);
	if (depth > 3) return null;
	if (choice < 0.85) return Array.from({ length: Math.floor(next() * 3) }, () => randomValue(depth + 1));
	return Object.fromEntries(
		Array.from({ length: Math.floor(next() * 3) }, () => [randomText(), randomValue(depth + 1)]),
	);
}

/** Changes, drops or adds values somewhere in a message. */
function damage(value: JsonValue): void {
	if (typeof value !== 'object' || value === null) return;
	const holder = value as JsonObject;
	for (const key of Object.keys(holder)) {
		const dice = next();
		if (dice < 0.01) delete holder[key];
		else if (dice < 0.02) holder[key] = randomValue();
		else if (dice < 0.1 && typeof holder[key] === 'string') holder[key] += randomText();
		else damage(holder[key] as JsonValue);
	}
	if (!Array.isArray(value) && next() < 0.05) holder[randomText()] = randomValue();
}

const kind = await purchaseKind();
const read = await messageReader({ kind });

test(`a damaged message is refused in words or becomes a harmless mail (seed ${SEED})`, () => {
	const seen = { refused: 0, written: 0 };
	for (let round = 0; round < ROUNDS; round++) {
		const data = message();
		damage(data);
		const text = body(data);
		try {
			const result = read(text, {});
			assert.equal(result.what, 'mail');
			if (result.what !== 'mail') return;
			assert.ok(isAddress(result.recipient.address));
			const mail = render(result, kind, { origin: ORIGIN });
			assert.equal(findActiveContent(mail.html), null);
			assert.match(mail.subject, /^[^\p{Cc}\u2028\u2029\u202a-\u202e]+$/u);
			assert.ok(!mail.html.includes('https://evil.test/"'));
			assert.ok(mail.html.isWellFormed() && mail.text.isWellFormed());
			seen.written++;
		} catch (thrown) {
			if (!(thrown instanceof HubError)) throw new Error(`round ${round}: ${text}`, { cause: thrown });
			assert.match(thrown.code, /^MESSAGE_(?:INVALID|VERSION)$/);
			assert.match(thrown.message, /^[^\p{C}]{10,600}$/u);
			seen.refused++;
		}
	}
	assert.ok(seen.refused > ROUNDS / 20 && seen.written > ROUNDS / 20, JSON.stringify(seen));
});

test(`cut and flipped bytes are refused in words (seed ${SEED})`, () => {
	const whole = body(message());
	for (let round = 0; round < ROUNDS; round++) {
		const bytes = Buffer.from(whole.subarray(0, next() < 0.3 ? Math.floor(next() * whole.length) : whole.length));
		for (let flips = Math.floor(next() * 3); flips > 0 && bytes.length > 0; flips--) {
			bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
		}
		try {
			read(bytes, {});
		} catch (thrown) {
			assert.ok(thrown instanceof HubError, `round ${round}: ${String(thrown)}`);
		}
	}
});

test(`a template put together at random is refused in words or parsed (seed ${SEED})`, () => {
	const pieces = [
		...FRAGMENTS,
		'<p>',
		'<a href="',
		'<a title="',
		'">',
		'<style>',
		'{{order.number}}',
		'{{! x }}',
		'{{>',
		'{{=',
		'x',
	];
	for (let round = 0; round < ROUNDS; round++) {
		const source = Array.from({ length: 1 + Math.floor(next() * 8) }, () => pick(pieces)).join('');
		try {
			parseTemplate(source, 'html', 'es, html');
		} catch (thrown) {
			assert.ok(thrown instanceof HubError && thrown.code === 'TEMPLATE_INVALID', `${source}: ${String(thrown)}`);
			assert.match(thrown.message, /^Template es, html, line \d+: ./);
		}
	}
});
