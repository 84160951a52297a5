/** Opens a source, and ends it when it says nothing for too long. */
import type { Readable } from 'node:stream';
import { HubError } from '../errors.ts';
import { openSource, type SourceDescription, type SourceOptions } from './source.ts';

/** A deadline is looked at this many times before it is due. */
const LOOKS = 4;
const LOOK_MAX_MS = 1_000;

/**
 * The chunks of the source. Only the time spent waiting for it counts, not that of whoever takes the chunks.
 * @throws HubError TIMEOUT; HTTP_UNREACHABLE when the connection breaks; whatever the client of the source throws
 */
export async function openWatched(source: SourceDescription, options: SourceOptions): Promise<AsyncGenerator<Buffer>> {
	const { firstByteMs, idleMs } = options;
	const tooLate = new AbortController();
	const silent = silence(`no answer within ${firstByteMs / 1_000} s`);
	const begin = Date.now();
	const timer = setTimeout(() => tooLate.abort(silent), firstByteMs);
	const signal = AbortSignal.any([options.signal, tooLate.signal]);
	try {
		const stream = await opened(openSource(source, { ...options, signal }), signal);
		const limits = { firstByteMs: firstByteMs - (Date.now() - begin), idleMs, signal: options.signal };
		return watched(stream, limits);
	} catch (thrown) {
		throw tooLate.signal.aborted ? silent : thrown;
	} finally {
		clearTimeout(timer);
	}
}

/** Not every client hears a signal at every step: who waits for a server that says nothing is not waited for. */
async function opened(opening: Promise<Readable>, signal: AbortSignal): Promise<Readable> {
	const stopped = new Promise<never>((_, reject) => {
		signal.addEventListener('abort', () => reject(signal.reason), { once: true });
	});
	stopped.catch(() => undefined); // after it was opened, too
	try {
		return await Promise.race([opening, stopped]);
	} catch (thrown) {
		opening.then(
			(late) => late.destroy(),
			() => undefined, // told by what was thrown first
		);
		throw thrown;
	}
}

/**
 * A stream made of a generator does not end when it is destroyed while the generator waits: whoever reads here is told
 * without it.
 */
export async function* watched(
	stream: Readable,
	{ firstByteMs, idleMs, signal }: SourceOptions,
): AsyncGenerator<Buffer> {
	const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
	let giveUp: (reason: unknown) => void = () => undefined;
	let waitingSince = Date.now();
	let limit = firstByteMs;
	let bytes = 0;
	const look = setInterval(
		() => {
			if (Date.now() - waitingSince < limit) return;
			giveUp(
				silence(
					bytes ? `nothing came for ${idleMs / 1_000} s after ${bytes} bytes` : 'it answered, and nothing followed',
				),
			);
		},
		Math.min(LOOK_MAX_MS, Math.ceil(Math.min(firstByteMs, idleMs) / LOOKS)),
	);
	const stop = () => giveUp(signal.reason);
	signal.addEventListener('abort', stop, { once: true });
	try {
		for (;;) {
			signal.throwIfAborted();
			// A promise of its own for each chunk: one for all would keep every chunk's.
			const next = await new Promise<IteratorResult<Buffer>>((resolve, reject) => {
				giveUp = reject;
				chunks.next().then(resolve, reject);
			});
			if (next.done) return;
			waitingSince = Number.POSITIVE_INFINITY;
			bytes += next.value.length;
			yield next.value;
			limit = idleMs;
			waitingSince = Date.now();
		}
	} catch (thrown) {
		const { code, name } = thrown as NodeJS.ErrnoException;
		if (thrown instanceof HubError || name === 'AbortError') throw thrown;
		const text = `The connection to the source broke after ${bytes} bytes (${code ?? 'no code'}).`;
		throw new HubError('HTTP_UNREACHABLE', text, { cause: thrown });
	} finally {
		clearInterval(look);
		signal.removeEventListener('abort', stop);
		stream.on('error', () => undefined); // what comes after the end was told by it
		stream.destroy();
	}
}

function silence(what: string): HubError {
	return new HubError('TIMEOUT', `The source is silent: ${what}.`);
}
