/** Protections of the connections to RabbitMQ and to mail servers. */
import type { Mutant } from './mutant.ts';

const publish = (name: string) => ({ file: 'test/integration/amqp-publish.test.ts', name });
const topology = (name: string) => ({ file: 'test/integration/amqp-topology.test.ts', name });
const dialogue = (name: string) => ({ file: 'test/integration/smtp-dialogue.test.ts', name });
const client = (name: string) => ({ file: 'test/integration/smtp-client.test.ts', name });
const verify = (name: string) => ({ file: 'test/integration/smtp-verify.test.ts', name });
const transport = (name: string) => ({ file: 'test/unit/smtp/transport.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A message that no queue takes is given back',
		file: 'lib/amqp/message.ts',
		find: '\t\tmandatory: true,\n',
		replace: '',
		test: publish('an unroutable message names exchange and key'),
	},
	{
		protection: 'Messages survive a restart of the broker',
		file: 'lib/amqp/message.ts',
		find: '\t\tpersistent: true,\n',
		replace: '',
		test: publish('messages are persistent and carry their properties, without CC, expiry or foreign user'),
	},
	{
		protection: 'Headers that name further queues are dropped',
		file: 'lib/amqp/message.ts',
		find: 'const { CC: _cc, BCC: _bcc, ...headers } = properties.headers ?? {};',
		replace: 'const headers = properties.headers ?? {};',
		test: publish('messages are persistent and carry their properties, without CC, expiry or foreign user'),
	},
	{
		protection: 'A rejection by a full queue is no confirmation',
		file: 'lib/amqp/publisher.ts',
		find: 'if (error) job.reject(',
		replace: 'if (error) job.resolve(); else if (error) job.reject(',
		test: publish('a message that a full queue rejects is told so, and only that'),
	},
	{
		protection: 'A message that came back is told by key and id',
		file: 'lib/amqp/publisher.ts',
		find: 'const job = this.#sent.get(keyOf(fields.routingKey, String(properties.messageId)));',
		replace: 'const [job] = this.#sent.values();',
		test: publish('exactly the unroutable ones of many messages are told so'),
	},
	{
		protection: 'A delay leads back to the queue it came from',
		file: 'lib/amqp/mail-queues.ts',
		find: "'x-dead-letter-routing-key': queue,\n",
		replace: "'x-dead-letter-routing-key': parkedQueue(queue),\n",
		test: topology('mail goes through exchange, delay and parked queue'),
	},
	{
		protection: 'The main queue has a delivery limit of its own',
		file: 'lib/amqp/mail-queues.ts',
		find: "\t\t\t\t'x-delivery-limit': deliveryLimit,\n",
		replace: '',
		test: topology('a message that is delivered beyond the limit is parked, with the reason'),
	},
	{
		protection: 'After the final dot a silence is unknown, not a failure',
		file: 'lib/smtp/classify.ts',
		find: "phase === 'answer' && !(reply >= 400 && reply < 600)",
		replace: "phase === 'waiting' && !(reply >= 400 && reply < 600)",
		test: dialogue('drop after the dot: unknown'),
	},
	{
		protection: 'A mail is known to be handed over once its end was read',
		file: 'lib/smtp/transaction.ts',
		find: "if (!this.interruption) this.#enter('answer');",
		replace: '',
		test: dialogue('reset after the dot: unknown'),
	},
	{
		protection: 'A temporary reply to the sign-in is no refusal',
		file: 'lib/smtp/classify.ts',
		find: 'fits: (_, reply) => reply >= 400 && reply < 500,',
		replace: "fits: ({ error }, reply) => error.code !== 'EAUTH' && reply >= 400 && reply < 500,",
		test: dialogue('sign-in 454: again later'),
	},
	{
		protection: 'A refused greeting concerns the client, not the mail',
		file: 'lib/smtp/classify.ts',
		find: "isReplyTo(['CONN', 'EHLO', 'HELO'], failure)",
		replace: "isReplyTo(['HELO'], failure) && failure.error.command === 'CONN'",
		test: dialogue('EHLO and HELO 550: the client is refused'),
	},
	{
		protection: 'Required STARTTLS never falls back to plain text',
		file: 'lib/smtp/transport.ts',
		find: "requireTLS: security === 'starttls',",
		replace: 'requireTLS: false,',
		test: dialogue('required STARTTLS not offered: refused, and nothing in plain text'),
	},
	{
		protection: 'A password does not cross the network readably',
		file: 'lib/smtp/options.ts',
		find: "if (auth && security === 'none' && !isLoopback(host)",
		replace: "if (auth && security === 'none' && host === ''",
		test: verify('a password without TLS is refused except to this machine or when it is allowed'),
	},
	{
		protection: 'The certificate of a mail server is checked',
		file: 'lib/smtp/transport.ts',
		find: "tls: { minVersion: 'TLSv1.2', ...tls },",
		replace: "tls: { minVersion: 'TLSv1.2', rejectUnauthorized: false, ...tls },",
		test: verify('a certificate of an unknown authority is refused in words, and nothing is handed over (tls)'),
	},
	{
		protection: 'Without an offer to sign in nothing is sent unsigned',
		file: 'lib/smtp/transport.ts',
		find: 'forceAuth: auth !== undefined,',
		replace: 'forceAuth: false,',
		test: dialogue('AUTH not known to the server: the client is refused'),
	},
	{
		protection: 'Building a mail reads no file of this machine',
		file: 'lib/smtp/transport.ts',
		find: 'disableFileAccess: true,',
		replace: 'disableFileAccess: false,',
		test: transport('what builds the mail reads no file and no address, whatever it is given'),
	},
	{
		protection: 'Building a mail fetches no address',
		file: 'lib/smtp/transport.ts',
		find: 'disableUrlAccess: true,',
		replace: 'disableUrlAccess: false,',
		test: transport('what builds the mail reads no file and no address, whatever it is given'),
	},
	{
		protection: 'A server that trickles for ever is given up',
		file: 'lib/smtp/client.ts',
		find: '\t\ttransaction.start();\n',
		replace: '',
		test: dialogue('a trickle at EHLO: again later'),
	},
	{
		protection: 'The pool is not thrown away every hundred mails',
		file: 'lib/smtp/transport.ts',
		find: '\t\tmaxMessages: Number.POSITIVE_INFINITY,\n',
		replace: '',
		test: client('sends more than a hundred mails over one connection'),
	},
	{
		protection: 'A mail that may not travel any more does not',
		file: 'lib/smtp/transaction.ts',
		find: 'if (this.#mayTravel?.() === false) this.#cancel();\n\t\t\telse ',
		replace: 'this.#mayTravel?.();\n\t\t\t',
		test: client('a mail that may not travel any more is given up before its first byte, and the next one is sent'),
	},
	{
		protection: 'An aborted mail does not hold its connection',
		file: 'lib/smtp/transaction.ts',
		find: '\t\tthis.#abort.abort();\n',
		replace: '',
		test: client('a mail that waits for a turn is given up at once'),
	},
];
