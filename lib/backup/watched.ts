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
	try {
		const stream = await openSource(source, { ...options, signal: AbortSignal.any([options.signal, tooLate.signal]) });
		return watched(stream, firstByteMs - (Date.now() - begin), idleMs);
	} catch (thrown) {
		throw tooLate.signal.aborted ? silent : thrown;
	} finally {
		clearTimeout(timer);
	}
}

async function* watched(stream: Readable, firstByteMs: number, idleMs: number): AsyncGenerator<Buffer> {
	let waitingSince = Date.now();
	let limit = firstByteMs;
	let bytes = 0;
	const look = setInterval(
		() => {
			if (Date.now() - waitingSince < limit) return;
			const text = bytes
				? `nothing came for ${idleMs / 1_000} s after ${bytes} bytes`
				: 'it answered, and nothing followed';
			stream.destroy(silence(text));
		},
		Math.min(LOOK_MAX_MS, Math.ceil(Math.min(firstByteMs, idleMs) / LOOKS)),
	);
	try {
		for await (const chunk of stream as AsyncIterable<Buffer>) {
			waitingSince = Number.POSITIVE_INFINITY;
			bytes += chunk.length;
			yield chunk;
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
		stream.destroy();
	}
}

function silence(what: string): HubError {
	return new HubError('TIMEOUT', `The source is silent: ${what}.`);
}
