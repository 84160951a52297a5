/**
 * The lab's mail server: asks for STARTTLS and a password as a clinic's relay does, accepts every recipient but those of
 * `unknown`, and shows what came on a web page (maildev, whose own SMTP side can do neither). A mail is accepted once maildev has it.
 * Takes its settings as JSON in the argument.
 */
import { readFileSync } from 'node:fs';
import { MailDev } from 'maildev';
import { createTransport } from 'nodemailer';
import { SMTPServer } from 'smtp-server';

export interface InboxSettings {
	host: string;
	smtpPort: number;
	webPort: number;
	/** Loopback port of maildev's own SMTP side. */
	innerPort: number;
	user: string;
	/** Not the password itself, for every account of the machine can read a command line. */
	passwordFile: string;
	/** PEM files. */
	cert: string;
	key: string;
	/** Recipients that are refused as a server refuses who is not there. */
	unknown: readonly string[];
	mailDirectory: string;
	maxEmails: number;
}

/** The addon and the hub send at most 1 MiB of message and a document of 10 MiB. In bytes. */
const SIZE_LIMIT = 25 * 1024 * 1024;

const settings = JSON.parse(process.argv[2] ?? '{}') as InboxSettings;

const wanted = readFileSync(settings.passwordFile, 'utf8');

const inner = new MailDev({
	smtp: settings.innerPort,
	ip: '127.0.0.1',
	web: settings.webPort,
	webIp: settings.host,
	mailDirectory: settings.mailDirectory,
	maxEmails: settings.maxEmails,
});

const relay = createTransport({ host: '127.0.0.1', port: settings.innerPort, pool: true, ignoreTLS: true });

const server = new SMTPServer({
	cert: readFileSync(settings.cert),
	key: readFileSync(settings.key),
	size: SIZE_LIMIT,
	onAuth({ username, password }, _session, answer) {
		if (username === settings.user && password === wanted) answer(null, { user: username });
		else answer(new Error('Wrong user or password'));
	},
	onRcptTo({ address }, _session, answer) {
		if (!settings.unknown.includes(address.toLowerCase())) return answer();
		answer(
			Object.assign(new Error(`5.1.1 <${address}>: User unknown in virtual mailbox table`), { responseCode: 550 }),
		);
	},
	onData(stream, { envelope: { mailFrom, rcptTo } }, answer) {
		const envelope = { from: mailFrom ? mailFrom.address : '', to: rcptTo.map(({ address }) => address) };
		relay.sendMail({ envelope, raw: stream }).then(
			() => answer(null),
			(failed: Error) => answer(failed),
		);
	},
});
// Without this each mail waits about 45 ms for the other side's delayed acknowledgement.
server.server.on('connection', (socket) => socket.setNoDelay(true));
server.on('error', (failed) => process.stderr.write(`${failed.message}\n`));

await inner.start();
server.listen(settings.smtpPort, settings.host);
