/** An SMTP server that answers as a script says, phase by phase: codes, drops, silences. For tests; knows nothing itself. */
import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';

/**
 * What happens at a step: a reply (`550 5.1.1 No such user`, several lines joined by `\n`), or one of
 * - `drop`: the connection is closed (FIN);  `reset`: it is cut (RST);  `stall`: nothing, for ever;
 * - `trickle`: a reply that never ends, one line every 20 ms, so that no time-out of inactivity notices.
 */
export type Move = string;
export type Step = Move | ((nth: number) => Move | Promise<Move>);

/** Steps that are left out answer as an ordinary server does. */
export interface Script {
	greeting?: Step;
	ehlo?: Step;
	helo?: Step;
	/** After a 220 the connection is upgraded with `tls`. */
	starttls?: Step;
	/** To the end of the exchange; challenges are answered by themselves. */
	auth?: Step;
	/** To AUTH itself, instead of a challenge or of looking at the credentials. */
	authBegin?: Step;
	mail?: Step;
	rcpt?: Step;
	data?: Step;
	/** When the first bytes of a mail have arrived, before its final dot. Without it nothing happens there. */
	body?: Step;
	dot?: Step;
	rset?: Step;
}

export interface ReceivedMail {
	from: string;
	to: string[];
	/** As received, dots unstuffed, without the final dot. */
	raw: string;
}

export interface ScriptedServer extends AsyncDisposable {
	readonly port: number;
	/** Changes what happens from now on. */
	script: Script;
	/** Every command line as received, over all connections; credentials included. */
	readonly commands: string[];
	/** Mails whose final dot arrived, whatever was answered. */
	readonly mails: ReceivedMail[];
	/** Connections so far, and those open now. */
	readonly connections: { total: number; open: number };
	/** Cuts every open connection. */
	cut(): void;
	close(): Promise<void>;
}

export interface ScriptOptions {
	tls?: SecureContextOptions;
	/** TLS from the first byte. */
	implicitTls?: boolean;
	port?: number;
}

const TRICKLE_MS = 20;
const EHLO = '250-lab\n250-8BITMIME\n250 SIZE 10485760';

/** A socket read line by line, so that a conversation can be written down in its order. */
class Wire {
	socket: Socket;
	#buffer = '';
	#ended = false;
	#wake: () => void = () => {};

	constructor(socket: Socket) {
		this.socket = socket;
		this.attach(socket);
	}

	/** Reads from another socket from now on; what came in plain text before is forgotten (RFC 3207 4.2). */
	attach(socket: Socket): void {
		this.socket.removeAllListeners('data');
		this.socket = socket;
		this.#buffer = '';
		socket.on('data', (chunk: Buffer) => {
			this.#buffer += chunk.toString('latin1');
			this.#wake();
		});
		const end = () => {
			this.#ended = true;
			this.#wake();
		};
		socket.on('error', end).on('close', end).on('end', end);
	}

	say(reply: string): void {
		const lines = reply.split('\n').map((line) => `${line}\r\n`);
		if (!this.socket.destroyed) this.socket.write(lines.join(''));
	}

	/** Waits until something is there. False when the peer is gone. */
	async some(): Promise<boolean> {
		while (this.#buffer === '' && !this.#ended) await this.#next();
		return this.#buffer !== '';
	}

	/** Up to and without `end`; undefined when the peer is gone before. */
	async until(end: string): Promise<string | undefined> {
		for (;;) {
			const at = this.#buffer.indexOf(end);
			if (at >= 0) {
				const text = this.#buffer.slice(0, at);
				this.#buffer = this.#buffer.slice(at + end.length);
				return text;
			}
			if (this.#ended) return undefined;
			await this.#next();
		}
	}

	#next(): Promise<void> {
		return new Promise((resolve) => {
			this.#wake = resolve;
		});
	}
}

class Conversation {
	readonly #wire: Wire;
	readonly #server: ScriptedServer;
	readonly #options: ScriptOptions;
	readonly #counts: Map<keyof Script, number>;

	constructor(socket: Socket, server: ScriptedServer, options: ScriptOptions, counts: Map<keyof Script, number>) {
		this.#wire = new Wire(socket);
		this.#server = server;
		this.#options = options;
		this.#counts = counts;
	}

	async run(): Promise<void> {
		if (!(await this.#step('greeting', '220 lab ESMTP'))) return;
		let mail = { from: '', to: [] as string[] };
		for (;;) {
			const line = await this.#wire.until('\r\n');
			if (line === undefined) return;
			this.#server.commands.push(line);
			const verb = line.split(/[ :]/)[0]?.toUpperCase();
			let goesOn = true;
			if (verb === 'EHLO') goesOn = await this.#step('ehlo', EHLO);
			else if (verb === 'HELO') goesOn = await this.#step('helo', '250 lab');
			else if (verb === 'STARTTLS') goesOn = await this.#startTls();
			else if (verb === 'AUTH') goesOn = await this.#signIn(line);
			else if (verb === 'MAIL') {
				mail = { from: path(line), to: [] };
				goesOn = await this.#step('mail', '250 2.1.0 Ok');
			} else if (verb === 'RCPT') {
				const reply = await this.#answer('rcpt', '250 2.1.5 Ok');
				if (reply?.startsWith('2')) mail.to.push(path(line));
				goesOn = reply !== undefined;
			} else if (verb === 'DATA') goesOn = await this.#takeMail(mail);
			else if (verb === 'RSET') goesOn = await this.#step('rset', '250 2.0.0 Ok');
			else if (verb === 'QUIT') {
				this.#wire.say('221 2.0.0 Bye');
				this.#wire.socket.end();
				return;
			} else this.#wire.say('502 5.5.2 Unknown command');
			if (!goesOn) return;
		}
	}

	/** Does what the script says; false when the conversation is over. `last` is what was answered. */
	async #step(name: keyof Script, ordinary: Move): Promise<boolean> {
		return (await this.#answer(name, ordinary)) !== undefined;
	}

	async #answer(name: keyof Script, ordinary: Move): Promise<string | undefined> {
		const nth = (this.#counts.get(name) ?? 0) + 1;
		this.#counts.set(name, nth);
		const step = this.#server.script[name] ?? ordinary;
		const move = typeof step === 'function' ? await step(nth) : step;
		if (move === 'drop') this.#wire.socket.end();
		else if (move === 'reset') (this.#wire.socket as Socket).resetAndDestroy();
		else if (move === 'trickle') await this.#trickle();
		else if (move !== 'stall') {
			this.#wire.say(move);
			return move;
		}
		return undefined;
	}

	async #trickle(): Promise<void> {
		while (!this.#wire.socket.destroyed) {
			this.#wire.say('250-more');
			await delay(TRICKLE_MS);
		}
	}

	async #startTls(): Promise<boolean> {
		const reply = await this.#answer('starttls', this.#options.tls ? '220 Go ahead' : '502 5.5.1 Not implemented');
		if (reply?.startsWith('220')) {
			const secureContext = createSecureContext(this.#options.tls);
			this.#wire.attach(new TLSSocket(this.#wire.socket, { isServer: true, secureContext }));
		}
		return reply !== undefined;
	}

	async #signIn(line: string): Promise<boolean> {
		const [, mechanism, initial] = line.split(' ');
		if (this.#server.script.authBegin !== undefined) return this.#step('authBegin', '');
		const challenges = mechanism === 'LOGIN' ? ['334 VXNlcm5hbWU6', '334 UGFzc3dvcmQ6'] : initial ? [] : ['334 '];
		for (const challenge of challenges) {
			this.#wire.say(challenge);
			const answer = await this.#wire.until('\r\n');
			if (answer === undefined) return false;
			this.#server.commands.push(answer);
		}
		const reply = await this.#answer('auth', '235 2.7.0 Welcome');
		if (reply?.startsWith('334')) {
			const empty = await this.#wire.until('\r\n');
			if (empty === undefined) return false;
			this.#wire.say('535 5.7.8 Token refused');
		}
		return reply !== undefined;
	}

	async #takeMail(mail: { from: string; to: string[] }): Promise<boolean> {
		const reply = await this.#answer('data', mail.to.length > 0 ? '354 End with a dot' : '554 5.5.1 No recipient');
		if (!reply?.startsWith('354')) return reply !== undefined;
		if (this.#server.script.body !== undefined) {
			if (!(await this.#wire.some()) || !(await this.#step('body', ''))) return false;
		}
		const raw = await this.#wire.until('\r\n.\r\n');
		if (raw === undefined) return false;
		this.#server.mails.push({ ...mail, raw: `${raw.replace(/^\.\./gm, '.')}\r\n` });
		return this.#step('dot', '250 2.0.0 Ok: queued as LAB1');
	}
}

/** The path in MAIL FROM:<…> and RCPT TO:<…>. */
function path(line: string): string {
	return /<(.*)>/.exec(line)?.[1] ?? '';
}

/** Listens on loopback. */
export async function startScript(script: Script = {}, options: ScriptOptions = {}): Promise<ScriptedServer> {
	const sockets = new Set<Socket>();
	const connections = { total: 0, open: 0 };
	const counts = new Map<keyof Script, number>();
	const listener: Server = createServer({ noDelay: true }, (socket) => {
		sockets.add(socket);
		connections.total++;
		connections.open++;
		socket.on('error', () => {}); // a client that is killed resets; the conversation notices by itself
		socket.once('close', () => {
			sockets.delete(socket);
			connections.open--;
		});
		const secureContext = options.implicitTls ? createSecureContext(options.tls) : undefined;
		const wire = secureContext ? new TLSSocket(socket, { isServer: true, secureContext }) : socket;
		wire.on('error', () => {}); // a client that does not trust the certificate ends the handshake
		void new Conversation(wire, server, options, counts).run();
	});
	const server: ScriptedServer = {
		port: 0,
		script,
		commands: [],
		mails: [],
		connections,
		cut: () => {
			for (const socket of sockets) socket.resetAndDestroy();
		},
		close: async () => {
			const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
			for (const socket of sockets) socket.destroy();
			await closed;
		},
		[Symbol.asyncDispose]: () => server.close(),
	};
	await new Promise<void>((resolve, reject) => {
		listener.once('error', reject);
		listener.listen(options.port ?? 0, '127.0.0.1', resolve);
	});
	const address = listener.address();
	return Object.assign(server, { port: typeof address === 'object' ? address?.port : options.port });
}
