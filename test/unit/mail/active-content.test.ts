import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { findActiveContent } from '../../../lib/mail/active-content.ts';

suite('Active content in HTML is found', () => {
	const active = [
		'<script>alert(1)</script>',
		'<SCRIPT src=//x>',
		'<p><iframe src="https://x.test"></iframe>',
		'<svg onload=alert(1)>',
		'<svg/onload=alert(1)>',
		'<img src=x onerror=alert(1)>',
		'<img src="https://x.test/a.png"onerror="alert(1)">',
		'<body ONLOAD = "x">',
		'<a href="javascript:alert(1)">x</a>',
		"<a href='JaVaScRiPt:alert(1)'>x</a>",
		'<a href=javascript:alert(1)>x</a>',
		'<a href=" javascript:alert(1)">x</a>',
		'<a href="java\tscript:alert(1)">x</a>',
		'<a href="java\nscript:alert(1)">x</a>',
		'<a href="&#106;avascript:alert(1)">x</a>',
		'<a href="&#x6A;avascript&colon;alert(1)">x</a>',
		'<a href="java&Tab;script:alert(1)">x</a>',
		'<a href="\u0001javascript:alert(1)">x</a>',
		'<a href="vbscript:x">x</a>',
		'<a href="data:text/html,<script>alert(1)</script>">x</a>',
		'<a href="file:///etc/passwd">x</a>',
		'<a href="//evil.test/">x</a>',
		'<a href="/my/orders">x</a>',
		'<img src="data:image/svg+xml;base64,AAAA">',
		'<p style="background: url(javascript:alert(1))">',
		'<p style="width: expression(alert(1))">',
		'<meta http-equiv="refresh" content="0;url=https://x.test">',
		'<base href="https://x.test/">',
		'<link rel="stylesheet" href="https://x.test/a.css">',
		'<form action="https://x.test"><input name=x></form>',
		'<object data="https://x.test"></object>',
		'<embed src="https://x.test">',
		'<!-- <script>alert(1)</script> -->',
		'<math><mtext></mtext></math>',
	];
	for (const html of active) {
		test(JSON.stringify(html), () => assert.notEqual(findActiveContent(html), null));
	}
});

suite('What belongs into a mail passes', () => {
	const harmless = [
		'<p>Hola, <b>Ana</b></p>',
		'<a href="https://x.test/a?b=c&amp;d=e#f">x</a>',
		'<a href="mailto:a@x.test">x</a> <a href="tel:+5622345">y</a> <a href="#top">z</a>',
		'<img src="cid:logo" alt="x > y">',
		'<img src="data:image/png;base64,iVBORw0KGgo=">',
		'<!--[if mso]><table><tr><td><![endif]-->',
		'<style>p { color: red; } @media (prefers-color-scheme: dark) { p { color: blue; } }</style>',
		'<p style="background-color: #fff; font-family: \'Segoe UI\', Arial">x</p>',
		'<meta name="color-scheme" content="light dark"><meta charset="utf-8">',
		'&lt;script&gt;alert(1)&lt;/script&gt; javascript:alert(1) onclick=x',
		'3 < 4 and 5 > 4',
		'<p title="onerror=alert(1)">x</p>',
	];
	for (const html of harmless) test(JSON.stringify(html), () => assert.equal(findActiveContent(html), null));

	test('half a megabyte of open tags and quotes is looked through in time', () => {
		for (const piece of ['<a ', '<a "', "<a '", '<a b="', '<', '&#', '<a href=x ']) {
			const begin = performance.now();
			findActiveContent(piece.repeat(400_000 / piece.length));
			assert.ok(performance.now() - begin < 2_000, `${piece} took ${performance.now() - begin} ms`);
		}
	});
});
