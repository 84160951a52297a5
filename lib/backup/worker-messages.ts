/** What the threads of a backup and the thread that started them say to each other. */
import type { MessagePort } from 'node:worker_threads';
import { HubError, type HubErrorCode, toHubError } from '../errors.ts';
import type { AgeBeginning } from './age-header.ts';
import type { Proof } from './proof.ts';
import type { SourceDescription } from './source.ts';

export interface FetchTask {
	source: SourceDescription;
	/** The partial file, which does not exist yet. */
	target: string;
	/** Null leaves the file as it is. */
	age: AgeBeginning | null;
	firstByteMs: number;
	idleMs: number;
	/** Upper bound, bytes a second; 0 for none. */
	bytesPerSecond: number;
	slots: SharedArrayBuffer;
	port: MessagePort;
}

export interface ProveTask {
	format: 'zip' | 'dump';
	/** ms since 1970. */
	startedAt: number;
	pgRestore: string;
	slots: SharedArrayBuffer;
	port: MessagePort;
}

/** The file as it was written and synced. */
export interface Fetched {
	size: number;
	sha256: string;
	plainSize: number;
}

export interface Proven extends Proof {
	plainSha256: string;
}

export interface Failure {
	code: HubErrorCode;
	message: string;
	retryable: boolean;
}

/** From a thread; the last one is `done` or `failed`. */
export type FromWorker<Result> =
	| { kind: 'received'; bytes: number }
	| { kind: 'done'; result: Result }
	| { kind: 'failed'; failure: Failure };

/** To a thread: stop what you do, then end. */
export const CANCEL = 'cancel';

/** Errors lose their class between threads. */
export function packFailure(thrown: unknown): Failure {
	const { code, message, retryable } = toHubError(thrown);
	return { code, message, retryable };
}

export function unpackFailure({ code, message, retryable }: Failure): HubError {
	return new HubError(code, message, { retryable });
}
