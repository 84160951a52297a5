/** Runs `clinic-hub` within the test: its streams are texts. */
import { PassThrough, Writable } from 'node:stream';
import { main } from '../../../cli/main.ts';

export interface ConsoleRun {
	exit: number;
	output: string;
	errors: string;
	/** The one object of `--json`. */
	json: Record<string, unknown>;
}

export interface ConsoleOptions {
	environment?: Record<string, string>;
	/** Typed or piped in. */
	input?: string;
	/** Columns of a terminal; default none. */
	columns?: number;
	signal?: AbortSignal;
	/** Told of what is written beside the result, while it is written. */
	onErrors?: (text: string) => void;
}

export async function run(args: string[], options: ConsoleOptions = {}): Promise<ConsoleRun> {
	const ended = await runPlain(args, options);
	const json = args.includes('--json') ? (JSON.parse(ended.output) as Record<string, unknown>) : {};
	return { ...ended, json };
}

/** What it wrote, as it is. */
export async function runPlain(args: string[], options: ConsoleOptions = {}): Promise<Omit<ConsoleRun, 'json'>> {
	const { environment = {}, input = '', columns, signal = new AbortController().signal, onErrors } = options;
	const written = { output: '', errors: '' };
	const sink = (name: keyof typeof written) =>
		new Writable({
			write(chunk, _, done) {
				written[name] += String(chunk);
				if (name === 'errors') onErrors?.(String(chunk));
				done();
			},
		});
	const stdin = new PassThrough();
	stdin.end(input);
	const errors = Object.assign(sink('errors'), columns === undefined ? {} : { isTTY: true, columns });
	const streams = { input: stdin, output: sink('output'), errors };
	const exit = await main({ args, environment, streams, signal });
	return { exit, ...written };
}
