/** `test-mail-worker`: the mail worker on the package's own connections, offered to the sidebar; the smallest node that is. */
export default async (RED) => {
	const from = (file) => import(`${process.env.TEST_DIST}/${file}`);
	const { defineNode } = await from('nodes/runtime/define-node.js');
	const { reference } = await from('nodes/runtime/fields.js');
	const { brokerConnection } = await from('nodes/amqp-broker/connection.js');
	const { smtpConnection } = await from('nodes/smtp-server/connection.js');
	const { defineMailTopic } = await from('nodes/amqp-mail/operator-topic.js');
	const { mailSource, workerPhrase } = await from('nodes/amqp-mail/mail-source.js');
	const sources = defineMailTopic(RED);

	defineNode(RED, {
		type: 'test-mail-worker',
		fields: { broker: reference(), smtp: reference() },
		async setup(node) {
			const { MailWorker } = await from('lib/mail/worker.js');
			const { purchaseKind } = await from('lib/mail/kind.js');
			const { messageReader } = await from('lib/mail/envelope.js');
			const broker = await node.connection(brokerConnection, node.config.broker);
			const smtp = await node.connection(smtpConnection, node.config.smtp);
			const kind = await purchaseKind();
			const worker = new MailWorker({
				name: node.id,
				hub: node.hub.instance,
				broker,
				smtp: smtp.client,
				topology: JSON.parse(process.env.TEST_TOPOLOGY),
				store: node.hub.store,
				read: await messageReader({ kind }),
				writer: { kind, from: smtp.from, origin: 'https://odoo.clinica.test' },
				onUnknown: 'resend',
				health: node.hub.health,
				audit: node.audit,
				log: node.log,
			});
			const show = (state) => {
				const { tone, phrase } = workerPhrase(state);
				node.status.set(tone, phrase);
			};
			show(worker.state);
			worker.onState(show);
			worker.start();
			return { worker, remove: sources.add(mailSource(worker), node) };
		},
		async close({ worker, remove }) {
			remove();
			await worker.close();
		},
	});
};
