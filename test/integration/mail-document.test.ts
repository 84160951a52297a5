/** The order's document through the whole worker: fetched from a real HTTP server, attached, waited for, or refused. */
import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { purchaseKind } from '../../lib/mail/kind.ts';
import type { JsonObject } from '../../lib/mail/message.ts';
import { aMessage, FROM, mailLab, until } from '../mail-lab.ts';

const PDF = Buffer.concat([Buffer.from('%PDF-1.4\n'), Buffer.alloc(50_000, 'âãÏÓ\n')]);
const MAX_BYTES = 100_000;
const PDF_HEADERS = {
	'content-type': 'application/pdf',
	'content-disposition': "attachment; filename*=UTF-8''Orden%20de%20compra%20-%20P00042.pdf",
};

const givePdf: RequestListener = (_request, response) => response.writeHead(200, PDF_HEADERS).end(PDF);

/** An Odoo that answers as told, a worker that attaches its documents, and one order in the queue. */
async function oneOrder(t: TestContext, answer: RequestListener, documentLink?: string) {
	const requests: string[] = [];
	const odoo = createServer((request, response) => {
		requests.push(request.url ?? '');
		answer(request, response);
	});
	await new Promise<void>((done) => odoo.listen(0, '127.0.0.1', done));
	t.after(() => {
		odoo.closeAllConnections();
		odoo.close();
	});
	const origin = `http://127.0.0.1:${(odoo.address() as AddressInfo).port}`;
	const lab = await mailLab(t);
	const link = documentLink ?? `${origin}/my/purchase/42?access_token=x&report_type=pdf`;
	const message = aMessage(undefined, (draft) => {
		(draft['order'] as JsonObject)['documentLink'] = link;
	});
	await lab.publish([message]);
	const worker = await lab.worker({
		writer: { kind: await purchaseKind(), from: FROM, origin, attachDocument: true, maxDocumentBytes: MAX_BYTES },
	});
	return { lab, worker, requests, id: message['id'] };
}

test('an order leaves with its document attached, byte by byte', async (t) => {
	const { lab, worker, requests } = await oneOrder(t, givePdf);
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.deepEqual(requests, ['/my/purchase/42?access_token=x&report_type=pdf']);
	const { attachments } = await simpleParser(lab.smtp.mails[0]?.raw ?? '');
	const [document] = attachments;
	assert.equal(attachments.length, 1);
	assert.deepEqual(
		[document?.filename, document?.contentType, document?.contentDisposition],
		['Orden de compra - P00042.pdf', 'application/pdf', 'attachment'],
	);
	assert.deepEqual(document?.content, PDF);
});

test('a document that cannot be had now is asked for again after the delay, and nothing is sent without it', async (t) => {
	const answers: RequestListener[] = [
		(_request, response) => response.writeHead(503).end(),
		(request) => request.socket.resetAndDestroy(),
		givePdf,
	];
	const { lab, worker, requests, id } = await oneOrder(t, (request, response) => answers.shift()?.(request, response));
	await until('it is sent', () => worker.state.counts.sent === 1);
	assert.equal(requests.length, 3);
	assert.deepEqual(
		lab.outcomes.map(({ outcome, reason }) => [outcome, reason?.code]),
		[
			['retrying', 'DOCUMENT_UNAVAILABLE'],
			['retrying', 'DOCUMENT_UNAVAILABLE'],
			['delivered', undefined],
		],
	);
	assert.match(lab.outcomes[0]?.reason?.text ?? '', /Odoo answered 503/);
	assert.equal(lab.outcomes[2]?.id, id);
	assert.equal(lab.smtp.mails.length, 1);
});

test('a document that stays away parks its order in the end, with the last reason', async (t) => {
	const { lab, worker } = await oneOrder(t, (_request, response) => response.writeHead(502).end());
	await until('it is parked', () => worker.state.counts.parked === 1);
	const [mail] = (await worker.parked.list()).mails;
	assert.equal(mail?.reason, 'exhausted');
	assert.match(mail?.reasonText ?? '', /Refused at 4 attempts; the last time: The document .* Odoo answered 502/);
	assert.equal(lab.smtp.connections.total, 0);
});

const REFUSED: { title: string; answer: RequestListener; link?: string; words: RegExp; requests?: number }[] = [
	{
		title: 'at another origin',
		answer: givePdf,
		link: 'http://127.0.0.1:9/my/purchase/42',
		words: /its address does not belong to the configured address of Odoo/,
		requests: 0,
	},
	{
		title: 'that redirects',
		answer: (_request, response) => response.writeHead(303, { location: '/web/login' }).end(),
		words: /Odoo answered with a redirect: the access token .* is missing, wrong or expired/,
	},
	{
		title: 'that does not exist',
		answer: (_request, response) => response.writeHead(404).end(),
		words: /Odoo answered 404/,
	},
	{
		title: 'that says it is too large',
		answer: (_request, response) => response.writeHead(200, { ...PDF_HEADERS, 'content-length': 1e9 }).write('%PDF-'),
		words: /it is larger than 97 KiB/,
	},
	{
		title: 'that grows too large without saying so',
		answer: (_request, response) => response.writeHead(200, PDF_HEADERS).end(Buffer.concat([PDF, PDF, PDF])),
		words: /it is larger than 97 KiB/,
	},
	{
		title: 'that is a page in the clothes of a PDF',
		answer: (_request, response) => response.writeHead(200, PDF_HEADERS).end('<html>Sign in</html>'),
		words: /is not a PDF/,
	},
	{
		title: 'that is declared as a page',
		answer: (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(PDF),
		words: /is not declared as PDF/,
	},
];

for (const { title, answer, link, words, requests: wanted = 1 } of REFUSED) {
	test(`an order with a document ${title} is parked at once, and says so`, async (t) => {
		const { lab, worker, requests } = await oneOrder(t, answer, link);
		await until('it is parked', () => worker.state.counts.parked === 1);
		assert.equal(requests.length, wanted);
		const [mail] = (await worker.parked.list()).mails;
		assert.equal(mail?.reason, 'DOCUMENT_REFUSED');
		assert.match(mail?.reasonText ?? '', words);
		assert.equal(lab.smtp.connections.total, 0);
		assert.equal(worker.state.phase, 'consuming');
	});
}
