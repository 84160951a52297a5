/**
 * The peer: an amqplib consumer that validates and renders as the hub does, mails through nodemailer's own pool of the same
 * size and acknowledges. No ledger, no retry, no parking. Options as JSON in argv, as for `hub-worker.ts`.
 */
import { connect } from 'amqplib';
import { createTransport } from 'nodemailer';
import { messageReader } from '../../lib/mail/envelope.ts';
import { purchaseKind } from '../../lib/mail/kind.ts';
import { render } from '../../lib/mail/render.ts';
import { FROM, ORIGIN, POOL, type WorkerOptions } from './setting.ts';

const { amqp, queue, smtpPort } = JSON.parse(process.argv[2] ?? '{}') as WorkerOptions;

const kind = await purchaseKind();
const read = await messageReader({ kind });
const transport = createTransport({
	host: '127.0.0.1',
	port: smtpPort,
	pool: true,
	maxConnections: POOL,
	maxMessages: Number.POSITIVE_INFINITY,
	disableFileAccess: true,
	disableUrlAccess: true,
});
const connection = await connect(amqp, { noDelay: true });
const channel = await connection.createChannel();
await channel.prefetch(2 * POOL);

async function deliver(delivery: { content: Buffer; properties: { headers?: Record<string, unknown> | undefined } }) {
	const message = read(delivery.content, delivery.properties.headers ?? {});
	if (message.what !== 'mail') throw new Error('Not a mail');
	const { subject, text, html } = render(message, kind, { origin: ORIGIN });
	const { name, address } = message.recipient;
	const to = name === undefined ? address : { name, address };
	await transport.sendMail({ from: FROM, to, subject, text, html, messageId: `<${message.id}@clinica.test>` });
}

await channel.consume(queue, (delivery) => {
	if (!delivery) return;
	deliver(delivery).then(
		() => channel.ack(delivery),
		(error) => {
			console.error(error);
			process.exit(1);
		},
	);
});
process.once('disconnect', () => process.exit(0));
