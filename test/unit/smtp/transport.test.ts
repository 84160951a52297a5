import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import { createTransport } from 'nodemailer';
import { startScript } from '../../../lab/smtp-script.ts';
import { transportOptions } from '../../../lib/smtp/transport.ts';

const FROM = { address: 'compras@clinica.test' };
const MAIL = { from: FROM.address, to: 'ventas@insumos.test', subject: 'x', text: 'x' };

it('what builds the mail reads no file and no address, whatever it is given', async (t) => {
	let requests = 0;
	const web = createServer((_request, response) => {
		requests++;
		response.end('secret');
	});
	await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
	t.after(() => web.close());
	await using server = await startScript({});
	const { port } = server;
	const pool = createTransport(
		transportOptions({ host: '127.0.0.1', port, security: 'none', pool: 1, from: FROM }, undefined),
	);
	t.after(() => pool.close());
	const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}/secret`;
	for (const [path, message] of [
		[import.meta.filename, /^File access rejected/],
		[url, /^Url access rejected/],
	] as const) {
		await assert.rejects(pool.sendMail({ ...MAIL, attachments: [{ path }] }), { message });
		await assert.rejects(pool.sendMail({ ...MAIL, html: { path } }), { message });
	}
	assert.equal(requests, 0);
	assert.equal(server.mails.length, 0);
	await pool.sendMail(MAIL);
	assert.equal(server.mails.length, 1);
});
