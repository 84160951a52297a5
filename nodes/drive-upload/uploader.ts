/** What a `drive-upload` node does with what it is given, and what an earlier process left. */

import path from 'node:path';
import type { Outgoing, OutgoingFiles } from '../../lib/backup/outgoing.ts';
import type { Uploaded, UploadTools } from '../../lib/backup/upload.ts';
import { uploadPath } from '../../lib/backup/upload-folders.ts';
import type { UploadRequest } from '../../lib/backup/upload-request.ts';
import type { UploadProgress } from '../../lib/drive/upload.ts';
import type { Phrase } from '../runtime/phrase.ts';
import type { Tone } from '../runtime/status.ts';
import { UploadQueue } from './upload-queue.ts';

export interface Progress extends Omit<UploadProgress, 'rate'> {
	name: string;
	/** Bytes a second, whole. */
	rate: number;
	/** Uploads behind this one. */
	waiting: number;
}

export interface UploaderOptions {
	tools: UploadTools;
	/** Opened at first use: the store may be away when the node starts. */
	outgoing: () => Promise<OutgoingFiles>;
	/** Aborted when the node closes. */
	closing: AbortSignal;
	onStatus(tone: Tone, phrase: Phrase): void;
	onProgress(progress: Progress): void;
	/** How an upload ended: undefined for well. */
	onEnd(failure: unknown): void;
	/** Of an upload that no message waits for any more. */
	onResumed(result: Uploaded): void;
}

/** Between two messages about the same upload, in ms: a person reads no faster. */
const TELL_MS = 1_000;

export class Uploader {
	readonly #options: UploaderOptions;
	readonly #queue: UploadQueue<Uploaded>;
	/** While it is asked what an earlier process left. */
	#resuming: Promise<unknown> = Promise.resolve();
	#current: Progress | undefined;
	#toldAt = 0;
	#done = 0;

	constructor(options: UploaderOptions) {
		this.#options = options;
		this.#queue = new UploadQueue(options.closing, () => this.#show());
		this.#show();
	}

	/** Goes on with what was under way when the process ended. */
	async resume(): Promise<void> {
		const asked = this.#waiting();
		this.#resuming = asked.catch(() => undefined); // whoever resumes is told
		const { files, waiting } = await asked;
		for (const one of waiting) {
			this.#send(files, one).then(
				(result) => this.#options.onResumed(result),
				() => {}, // told by onEnd
			);
		}
	}

	/**
	 * Resolves when it lies in the folder and was compared; with undefined at once for a claim check that comes again while its
	 * upload goes on: whoever brought it first is told.
	 * @throws HubError
	 */
	async bring(request: UploadRequest): Promise<Uploaded | undefined> {
		if (request.kind === 'backup') {
			const { claim } = request;
			const key = `backup ${claim.id}`;
			if (this.#queue.has(key)) return undefined;
			return this.#add(key, claim.id, path.basename(claim.file), async (watch) => {
				const { uploadBackup } = await import('../../lib/backup/upload.ts');
				return uploadBackup(this.#options.tools, claim, watch);
			});
		}
		// What is kept now would be taken for one of before, and sent twice.
		await this.#resuming;
		const files = await this.#options.outgoing();
		const { kind, ...file } = request;
		if ('content' in file) return this.#send(files, await files.keepContent(file));
		const found = await uploadPath(file.file, this.#options.tools.folders);
		return this.#send(files, await files.keep({ ...file, file: found }));
	}

	/** @returns how many were cancelled */
	cancel(name: string | undefined): number {
		return this.#queue.cancel(name);
	}

	async close(): Promise<void> {
		await this.#queue.settled();
	}

	async #waiting(): Promise<{ files: OutgoingFiles; waiting: Outgoing[] }> {
		const files = await this.#options.outgoing();
		return { files, waiting: await files.waiting() };
	}

	async #send(files: OutgoingFiles, { key, request }: Outgoing): Promise<Uploaded> {
		const name = request.name ?? path.basename(request.file);
		try {
			const result = await this.#add(key, request.id ?? name, name, async (watch) => {
				const { uploadPlainFile } = await import('../../lib/backup/upload.ts');
				return uploadPlainFile(this.#options.tools, request, watch);
			});
			await files.forget(key);
			return result;
		} catch (thrown) {
			// What ends with its node goes on at the next start; whoever asked is told of everything else.
			if (!this.#options.closing.aborted) await files.forget(key);
			throw thrown;
		}
	}

	#add(
		key: string,
		id: string,
		name: string,
		work: (watch: { signal: AbortSignal; onProgress: (progress: UploadProgress) => void }) => Promise<Uploaded>,
	): Promise<Uploaded> {
		return this.#queue.add(key, [id, name], async (signal) => {
			this.#toldAt = 0;
			this.#current = { name, acknowledged: 0, sent: 0, total: 0, rate: 0, waiting: this.#queue.size - 1 };
			this.#show();
			try {
				const result = await work({ signal, onProgress: (progress) => this.#progress(name, progress) });
				const { size: total } = result;
				const rate = this.#current.rate;
				this.#progress(name, { acknowledged: total, sent: total, total, rate });
				this.#done += 1;
				this.#options.onEnd(undefined);
				return result;
			} catch (thrown) {
				if (!this.#options.closing.aborted) this.#options.onEnd(thrown);
				throw thrown;
			} finally {
				this.#current = undefined;
			}
		});
	}

	#progress(name: string, { acknowledged, sent, total, rate }: UploadProgress): void {
		const waiting = this.#queue.size - 1;
		const whole = Number.isFinite(rate) ? Math.round(rate) : 0;
		this.#current = { name, acknowledged, sent, total, rate: whole, waiting };
		const now = performance.now();
		if (acknowledged < total && now - this.#toldAt < TELL_MS) return;
		this.#toldAt = now;
		this.#options.onProgress(this.#current);
		this.#show();
	}

	#show(): void {
		if (this.#options.closing.aborted) return;
		const current = this.#current;
		if (!current) {
			this.#options.onStatus('ready', { key: 'drive-upload.status.ready', values: { n: this.#done } });
			return;
		}
		const { name, sent, total, rate } = current;
		const percent = total > 0 ? Math.floor((Math.min(sent, total) / total) * 100) : 0;
		const values = { name, percent, rate: (rate / 1e6).toFixed(1), waiting: Math.max(0, this.#queue.size - 1) };
		this.#options.onStatus('busy', { key: 'drive-upload.status.busy', values });
	}
}
