/** The connection test of the addon's settings, run by its own Python on a real RabbitMQ with the real worker. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PYTHON } from '../../lab/odoo/source.ts';
import { DATABASE_UUID, type MailLab, mailLab } from '../mail-lab.ts';

const SCRIPT = path.join(import.meta.dirname, '../python/probe_hub.py');

/** @param seconds how long the hub's answer is waited for */
async function probe(lab: MailLab, seconds: number): Promise<unknown> {
	const { host, port, vhost, user, password } = lab.test.options(lab.vhost);
	const { stdout } = await promisify(execFile)(PYTHON, [SCRIPT], {
		env: {
			...process.env,
			AMQP_URL: `amqp://${user}:${password}@${host}:${port}/${encodeURIComponent(vhost)}`,
			DATABASE_UUID,
			RETURN_S: String(seconds),
		},
	});
	return JSON.parse(stdout);
}

test('the hub answers a connection test, and mails nothing; without a worker only the answer is missing', async (t) => {
	const lab = await mailLab(t, { resultsExchange: 'email_results' });
	assert.deepEqual(await probe(lab, 0.5), { open: '', listen: '', publish: '', return: 'TIMEOUT' });
	await lab.worker();
	assert.deepEqual(await probe(lab, 20), { open: '', listen: '', publish: '', return: '' });
	assert.equal(lab.smtp.mails.length, 0);
});
