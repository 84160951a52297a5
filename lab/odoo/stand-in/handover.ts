/** The addon's own Python, so that the stand-in writes and publishes messages exactly as the addon does. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { HubError } from '../../../lib/errors.ts';
import { PYTHON } from '../source.ts';

const SCRIPT = path.join(import.meta.dirname, '../handover.py');

/** Longer than the sum of the publisher's own deadlines (27 s); only a bug keeps it beyond, in ms. */
const PUBLISH_TIMEOUT_MS = 40_000;

export type Built = { body: string } | { code: string; reason: string };

/** `code` is empty when the broker confirmed. */
export interface Outcome {
	code: string;
	reason: string;
}

/** A Python that waits for orders, so that a confirmation does not pay for its start; answers come in the order asked. */
export class MessageBuilder {
	#child: ChildProcess | undefined;
	#lines: Interface | undefined;
	readonly #waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];

	/** The message of an order's facts, or why there is none. Throws `INTERNAL` when Python ends. */
	async build(facts: unknown): Promise<Built> {
		const child = this.#start();
		const line = await new Promise<string>((resolve, reject) => {
			this.#waiting.push({ resolve, reject });
			child.stdin?.write(`${JSON.stringify(facts)}\n`);
		});
		return JSON.parse(line) as Built;
	}

	/** Starts Python before the first order needs it. */
	start(): void {
		this.#start();
	}

	close(): void {
		this.#child?.stdin?.end();
		this.#lines?.close();
	}

	#start(): ChildProcess {
		if (this.#child !== undefined) return this.#child;
		const child = spawn(PYTHON, [SCRIPT, 'build'], { stdio: ['pipe', 'pipe', 'inherit'] });
		const end = () => {
			if (this.#child !== child) return;
			this.#child = undefined;
			const error = new HubError('INTERNAL', `${PYTHON} ended; is the package python3-pika installed?`);
			for (const { reject } of this.#waiting.splice(0)) reject(error);
		};
		child.once('error', end).once('exit', end);
		child.stdin?.on('error', end);
		this.#lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
		this.#lines.on('line', (line) => this.#waiting.shift()?.resolve(line));
		this.#child = child;
		return child;
	}
}

/** Publishes texts by message id over the broker that this process's variables name. Throws `INTERNAL`, `TIMEOUT`. */
export async function publish(bodies: Record<string, string>): Promise<Record<string, Outcome>> {
	const child = spawn(PYTHON, [SCRIPT, 'publish'], { stdio: ['pipe', 'pipe', 'inherit'] });
	const timer = setTimeout(() => child.kill('SIGKILL'), PUBLISH_TIMEOUT_MS);
	let output = '';
	child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
		output += chunk;
	});
	child.stdin.on('error', () => {}); // a Python that cannot start closes its input; its exit code tells
	child.stdin.end(JSON.stringify(bodies));
	try {
		const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
		if (signal !== null) throw new HubError('TIMEOUT', `Publishing took longer than ${PUBLISH_TIMEOUT_MS} ms`);
		if (code !== 0) throw new HubError('INTERNAL', `Publishing ended with code ${code}; is python3-pika installed?`);
		return JSON.parse(output) as Record<string, Outcome>;
	} finally {
		clearTimeout(timer);
	}
}
