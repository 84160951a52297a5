/** What every thread of a backup does around its work: hear of a cancellation, and answer once. */
import { parentPort } from 'node:worker_threads';
import { HubError } from '../errors.ts';
import { CANCEL, type FromWorker, packFailure } from './worker-messages.ts';

/** Runs the work of this thread; it ends by itself afterwards. */
export async function workerBody<Result>(
	work: (signal: AbortSignal, received: (bytes: number) => void) => Promise<Result>,
): Promise<void> {
	const port = parentPort;
	if (!port) throw new HubError('INTERNAL', 'This file is for a thread of its own.');
	const cancelled = new AbortController();
	port.on('message', (message: unknown) => {
		if (message === CANCEL) cancelled.abort(new HubError('CANCELLED', 'The backup was cancelled.'));
	});
	const say = (message: FromWorker<Result>) => port.postMessage(message);
	try {
		say({ kind: 'done', result: await work(cancelled.signal, (bytes) => say({ kind: 'received', bytes })) });
	} catch (thrown) {
		say({ kind: 'failed', failure: packFailure(thrown) });
	} finally {
		port.close();
	}
}
