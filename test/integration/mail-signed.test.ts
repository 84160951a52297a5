/** A message that the addon's Python builds, signs and publishes, taken by the worker. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PYTHON } from '../../lab/odoo/source.ts';
import { messageReader } from '../../lib/mail/envelope.ts';
import { purchaseKind } from '../../lib/mail/kind.ts';
import { parseKeys } from '../../lib/mail/signature.ts';
import { type MailLab, mailLab, receivedIds, until } from '../mail-lab.ts';

const SCRIPT = path.join(import.meta.dirname, '../python/publish_signed.py');
const KEY = { id: '2025-06', secret: 'una-clave-de-la-clínica-ñ' };

/** @returns the id of the order */
async function publishSigned(lab: MailLab, { id, secret }: typeof KEY): Promise<string> {
	const { host, port, vhost, user, password } = lab.test.options(lab.vhost);
	const order = randomUUID();
	await promisify(execFile)(PYTHON, [SCRIPT, order], {
		env: {
			...process.env,
			AMQP_URL: `amqp://${user}:${password}@${host}:${port}/${encodeURIComponent(vhost)}`,
			SIGNING_KEY_ID: id,
			SIGNING_KEY: secret,
		},
	});
	return order;
}

test('an order that the addon signed is mailed; one signed with another secret or an unknown key is parked', async (t) => {
	const lab = await mailLab(t);
	const keys = parseKeys(`old=0123456789abcdef ${KEY.id}=${KEY.secret}`);
	const worker = await lab.worker({ read: await messageReader({ kind: await purchaseKind(), keys }) });
	const id = await publishSigned(lab, KEY);
	await until('it is mailed', () => worker.state.counts.sent === 1);
	assert.deepEqual(receivedIds(lab.smtp), [id]);
	await publishSigned(lab, { ...KEY, secret: 'another-secret-of-16' });
	await publishSigned(lab, { ...KEY, id: 'unknown' });
	await until('both are parked', () => worker.state.counts.parked === 2);
	const texts = lab.outcomes.flatMap(({ reason }) => (reason ? [`${reason.code} ${reason.text}`] : []));
	assert.match(texts[0] ?? '', /^MESSAGE_SIGNATURE The signature does not fit the body/);
	assert.match(texts[1] ?? '', /^MESSAGE_SIGNATURE The message is signed with key "unknown"/);
	assert.equal(lab.smtp.mails.length, 1);
});
