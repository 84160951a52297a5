/** `smtp-server`: the pool of connections to a mail server that the nodes of all flows share. */

import { textOf } from '../runtime/admin-route.ts';
import { defineConnectionTest, type Probe } from '../runtime/connection-test.ts';
import { defineNode } from '../runtime/define-node.ts';
import { readFields } from '../runtime/fields.ts';
import { hubOf } from '../runtime/hub.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { tlsOptions } from '../runtime/tls.ts';
import { mailAddress, smtpNode, smtpOptions } from './config.ts';
import type { SmtpConnection } from './connection.ts';
import { testMail } from './test-mail.ts';

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...smtpNode,
		async setup({ config, secrets, log }): Promise<SmtpConnection> {
			const { SmtpClient } = await import('../../lib/smtp/client.ts');
			const options = smtpOptions(config, secrets, tlsOptions(RED, config.tls));
			return { client: new SmtpClient({ ...options, log }), from: options.from, options };
		},
		close: ({ client }) => client.close(),
	});

	defineConnectionTest(RED, {
		node: smtpNode,
		async probe({ config, secrets, tls, signal }) {
			const { SmtpClient } = await import('../../lib/smtp/client.ts');
			const client = new SmtpClient(smtpOptions(config, secrets, tls));
			try {
				return await client.verify({ signal });
			} finally {
				await client.close();
			}
		},
	});

	defineConnectionTest(RED, {
		node: smtpNode,
		path: 'smtp-server/mail',
		success: 'test.mailSent',
		// A mail to anybody in the clinic's name: an administrator's right, beside the one to deploy.
		permission: ['flows.write', 'clinic-hub.smtp.test-mail'],
		async probe({ config, secrets, tls, signal, body, actor }): Promise<Probe> {
			const { values } = readFields({ to: mailAddress() }, body);
			if (!values)
				return { ok: false, text: 'Give exactly one address, as in name@example.org.', code: 'CONFIG_INVALID' };
			const { SmtpClient } = await import('../../lib/smtp/client.ts');
			const options = smtpOptions(config, secrets, tls);
			const client = new SmtpClient(options);
			try {
				const result = await client.send(testMail(options.from, values.to), { signal });
				const ok = result.outcome === 'sent';
				const subject = textOf(body['id']) || 'smtp-server';
				hubOf(RED).audit({ action: 'smtp.test-mail', actor, subject, outcome: ok ? 'done' : 'failed' });
				return ok
					? { ok, text: result.response }
					: { ok, text: result.reason, code: CODE[result.outcome], ...(result.why ? { why: result.why } : {}) };
			} finally {
				await client.close();
			}
		},
	});
}

const CODE = {
	temporary: 'SMTP_TEMPORARY',
	permanent: 'SMTP_PERMANENT',
	unknown: 'SMTP_UNKNOWN',
	refused: 'SMTP_REFUSED',
} as const;
