import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, suite, test } from 'node:test';
import { fetchDocument } from '../../../lib/mail/document.ts';

const PDF = Buffer.from('%PDF-1.4\n%âãÏÓ\n1 0 obj\n');
let answer: RequestListener = (_request, response) => response.end();
let requests: string[] = [];
const server = createServer((request, response) => {
	requests.push(`${request.headers.host}${request.url}`);
	answer(request, response);
});
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
after(() => {
	server.closeAllConnections();
	server.close();
});
const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const link = `${origin}/my/purchase/42?access_token=x&report_type=pdf`;

function serve(handler: RequestListener): void {
	requests = [];
	answer = handler;
}

const servePdf = (headers: Record<string, string> = {}, content: Buffer = PDF): void =>
	serve((_request, response) =>
		response.writeHead(200, { 'content-type': 'application/pdf', ...headers }).end(content),
	);

suite('The document of an order', () => {
	test('is fetched from Odoo with its name', async () => {
		servePdf({ 'content-disposition': "attachment; filename*=UTF-8''Orden%20de%20compra%20-%20P00042.pdf" });
		const { filename, contentType, content } = await fetchDocument(link, { origin });
		assert.deepEqual([filename, contentType], ['Orden de compra - P00042.pdf', 'application/pdf']);
		assert.deepEqual(content, PDF);
	});

	test('is named after the order where Odoo gives no name', async () => {
		servePdf();
		assert.equal((await fetchDocument(link, { origin, reference: 'P/0042\r\n' })).filename, 'P-0042-.pdf');
	});

	for (const name of ['../../etc/passwd', 'a"b.pdf\u0000', '.htaccess', `${'x'.repeat(500)}.pdf`, '%E0%A4%A']) {
		test(`keeps no danger of a file name such as ${JSON.stringify(name.slice(0, 20))}`, async () => {
			servePdf({ 'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name)}` });
			const { filename } = await fetchDocument(link, { origin });
			assert.match(filename, /^[^./\\"\p{C}][^/\\"\p{C}]{0,103}\.pdf$/u);
		});
	}

	test('can be fetched at an internal address of the same Odoo', async () => {
		servePdf();
		await fetchDocument('https://odoo.clinica.test/my/purchase/42?a=b#c', {
			origin: 'https://odoo.clinica.test',
			internalOrigin: origin,
		});
		assert.deepEqual(requests, [`${new URL(origin).host}/my/purchase/42?a=b`]);
	});
});

suite('What is no document of this Odoo is refused for good', () => {
	const foreign = [
		'https://evil.test/x.pdf',
		'file:///etc/passwd',
		'http://169.254.169.254/latest',
		`http://user:x@${new URL(origin).host}/`,
		'not an address',
	];
	for (const address of foreign) {
		test(`${address}: no request is made`, async () => {
			servePdf();
			await assert.rejects(fetchDocument(address, { origin }), {
				code: 'DOCUMENT_REFUSED',
				message: /address of Odoo/,
			});
			assert.deepEqual(requests, []);
		});
	}

	for (const internalOrigin of [undefined, origin]) {
		test(`a path that looks like a server's name is a path (${internalOrigin ?? 'no internal address'})`, async (t) => {
			const evil: string[] = [];
			const elsewhere = createServer((request, response) => {
				evil.push(String(request.url));
				response.writeHead(200, { 'content-type': 'application/pdf' }).end(PDF);
			});
			await new Promise<void>((done) => elsewhere.listen(0, '127.0.0.1', done));
			t.after(() => elsewhere.close());
			const { port } = elsewhere.address() as AddressInfo;
			servePdf();
			const path = `//127.0.0.1:${port}/x.pdf`;
			await fetchDocument(`${origin}${path}`, { origin, ...(internalOrigin ? { internalOrigin } : {}) });
			assert.deepEqual([evil, requests], [[], [`${new URL(origin).host}${path}`]]);
		});
	}

	test('any address while no origin is configured', async () => {
		servePdf();
		await assert.rejects(fetchDocument(link, { origin: null }), {
			code: 'DOCUMENT_REFUSED',
			message: /address of Odoo/,
		});
		assert.deepEqual(requests, []);
	});

	test('a redirect is not followed', async () => {
		serve((_request, response) => response.writeHead(303, { location: `${origin}/web/login` }).end());
		await assert.rejects(fetchDocument(link, { origin }), {
			code: 'DOCUMENT_REFUSED',
			message: /redirect: the access token/,
		});
		assert.equal(requests.length, 1);
	});

	test('a page instead of a PDF', async () => {
		serve((_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
		await assert.rejects(fetchDocument(link, { origin }), { code: 'DOCUMENT_REFUSED', message: /not declared as PDF/ });
		servePdf({}, Buffer.from('<html><script>'));
		await assert.rejects(fetchDocument(link, { origin }), { code: 'DOCUMENT_REFUSED', message: /not a PDF/ });
		servePdf({}, Buffer.alloc(0));
		await assert.rejects(fetchDocument(link, { origin }), { code: 'DOCUMENT_REFUSED', message: /not a PDF/ });
	});

	test('404', async () => {
		serve((_request, response) => response.writeHead(404).end());
		await assert.rejects(fetchDocument(link, { origin }), { code: 'DOCUMENT_REFUSED', message: /answered 404/ });
	});

	test('more than the limit, said beforehand or not', async () => {
		servePdf({}, Buffer.alloc(4_096, PDF));
		await assert.rejects(fetchDocument(link, { origin, maxBytes: 4_095 }), {
			code: 'DOCUMENT_REFUSED',
			message: /larger than/,
		});
		assert.equal((await fetchDocument(link, { origin, maxBytes: 4_096 })).content.length, 4_096);
		let closed: () => void = () => {};
		const cut = new Promise<void>((done) => {
			closed = done;
		});
		serve((_request, response) => {
			response.writeHead(200, { 'content-type': 'application/pdf' });
			const fill = (): void => {
				while (response.write(PDF));
			};
			response.on('drain', fill).on('close', closed);
			fill();
		});
		await assert.rejects(fetchDocument(link, { origin, maxBytes: 100_000 }), {
			code: 'DOCUMENT_REFUSED',
			message: /larger/,
		});
		await cut;
	});
});

suite('What may pass later is tried again later', () => {
	for (const status of [500, 502, 503, 429]) {
		test(`answer ${status}`, async () => {
			serve((_request, response) => response.writeHead(status).end());
			await assert.rejects(fetchDocument(link, { origin }), { code: 'DOCUMENT_UNAVAILABLE', retryable: true });
		});
	}

	test('no connection', async () => {
		const closed = 'http://127.0.0.1:1';
		await assert.rejects(fetchDocument(`${closed}/x`, { origin: closed }), { code: 'DOCUMENT_UNAVAILABLE' });
	});

	test('no answer within the time', async () => {
		serve(() => {});
		await assert.rejects(fetchDocument(link, { origin, timeoutMs: 50 }), {
			code: 'DOCUMENT_UNAVAILABLE',
			message: /did not answer within 0.05 s/,
		});
	});

	test('an answer that stops in the middle', async () => {
		serve((_request, response) => response.writeHead(200, { 'content-type': 'application/pdf' }).write(PDF));
		await assert.rejects(fetchDocument(link, { origin, timeoutMs: 100 }), { code: 'DOCUMENT_UNAVAILABLE' });
		serve((_request, response) => {
			response
				.writeHead(200, { 'content-type': 'application/pdf', 'content-length': '1000' })
				.write(PDF, () => response.destroy());
		});
		await assert.rejects(fetchDocument(link, { origin }), { code: 'DOCUMENT_UNAVAILABLE' });
	});

	test('cancelling ends the wait at once', async () => {
		const abort = new AbortController();
		serve(() => abort.abort());
		await assert.rejects(fetchDocument(link, { origin, signal: abort.signal }), { code: 'CANCELLED' });
	});
});
