/**
 * A file on its way to Drive, resumable over broken connections and dead processes. It counts only once Drive's SHA-256 of
 * it equals ours; whoever gave it may release it then, not before.
 */
import { type FileHandle, open } from 'node:fs/promises';
import { throwIfCancelled } from '../cancelled.ts';
import { HubError } from '../errors.ts';
import { Pace } from '../pace.ts';
import type { DriveClient } from './client.ts';
import { DriveFailure } from './failure.ts';
import { type DriveFile, HUB } from './file.ts';
import { findFiles, getFile, markState, rejectFile } from './files.ts';
import { Attempts } from './patience.ts';
import { askSession, beginSession, type Kept, type Metadata, sendChunk } from './session.ts';

export interface Parcel {
	/** On disk; does not change while it is sent. */
	path: string;
	/** In Drive. */
	name: string;
	folderId: string;
	/** In bytes. */
	size: number;
	/** Hex. */
	sha256: string;
	/** Default `application/octet-stream`. */
	mimeType?: string;
	/** Of the backup (or whatever it is); with `kind` the same for every attempt to bring the same file. */
	id: string;
	kind: 'backup' | 'record' | 'file';
	/** Odoo's `database.uuid`, where it is about one. */
	databaseUuid?: string;
}

/** What an upload needs to go on after its process died. Secret: whoever knows the address can write the file. */
export interface UploadState {
	sessionUri: string;
	/** Of the file that the session was opened for. */
	sha256: string;
	size: number;
}

export interface UploadProgress {
	/** Bytes that Drive says it keeps. */
	acknowledged: number;
	/** Bytes that have left this machine, those on their way included. */
	sent: number;
	total: number;
	/** Since this process began, bytes a second. */
	rate: number;
}

export interface UploadOptions {
	/** As `save` was last given it. */
	state?: UploadState | undefined;
	/** Puts the state where it survives the process; undefined: there is none any more. Awaited before a byte is sent. */
	save: (state: UploadState | undefined) => Promise<void>;
	signal?: AbortSignal;
	onProgress?: (progress: UploadProgress) => void;
	/** Default no limit. */
	bytesPerSecond?: number;
	/** A multiple of 256 KiB. Default 32 MiB, which balances latency and what a broken connection costs. */
	chunkBytes?: number;
}

const CHUNK_BYTES = 32 * 1024 * 1024;
/** Google's unit: every chunk but the last one is a multiple of it. */
const UNIT_BYTES = 256 * 1024;
/** Whole files sent again because Drive had something else than was sent. */
const MOST_SPOILT = 3;
/** Sessions opened for one file; each loses at most what was sent so far. */
const MOST_SESSIONS = 10;
/** Drive may take a moment to compute the checksum of a new file; asked for so often. */
const CHECKSUM_TRIES = 10;

/**
 * Brings one file, or finds that it is there already; gives it once it is verified and marked so.
 * @throws HubError DRIVE_MISMATCH after three spoilt copies, or when a verified file of this id is another one; DRIVE_*,
 * CANCELLED
 */
export async function uploadFile(client: DriveClient, parcel: Parcel, options: UploadOptions): Promise<DriveFile> {
	const { chunkBytes = CHUNK_BYTES, signal } = options;
	if (chunkBytes < UNIT_BYTES || chunkBytes % UNIT_BYTES !== 0) {
		throw new HubError('CONFIG_INVALID', 'A chunk must be a multiple of 256 KiB.');
	}
	const source = await open(parcel.path);
	try {
		const { size } = await source.stat();
		if (size !== parcel.size) {
			throw new HubError(
				'DRIVE_MISMATCH',
				`${parcel.name} has ${size} bytes instead of ${parcel.size}: it was changed. Send it again as it is now.`,
			);
		}
		const delivery = new Delivery(client, parcel, source, { ...options, chunkBytes });
		for (let spoilt = 0; spoilt < MOST_SPOILT; spoilt += 1) {
			const file = await withChecksum(client, await delivery.bring(), signal);
			if (file.size === parcel.size && file.sha256 === parcel.sha256) {
				const verified = await markState(client, file.id, 'verified', signal);
				await options.save(undefined);
				return verified;
			}
			if (isVerified(file)) throw taken(parcel, file);
			await rejectFile(client, file.id, signal);
			await delivery.forget();
		}
	} finally {
		await source.close();
	}
	throw new HubError(
		'DRIVE_MISMATCH',
		`Drive stored something else than ${parcel.name} ${MOST_SPOILT} times. Check the disk, and what changes data on the way, such as a proxy.`,
	);
}

const isVerified = ({ appProperties }: DriveFile) => appProperties['state'] === 'verified';

function taken({ name, id }: Parcel, { name: other }: DriveFile): HubError {
	return new HubError(
		'DRIVE_MISMATCH',
		`The id ${id} is taken: with it lies ${other} in the folder, verified and with another content. ` +
			`Send ${name} under an id of its own, or remove that file in Drive first.`,
		{ retryable: false },
	);
}

/** Also for files of other makers, whose size Drive tells before their checksum. */
async function withChecksum(client: DriveClient, file: DriveFile, signal?: AbortSignal): Promise<DriveFile> {
	const attempts = new Attempts({ ...client.patience, failures: CHECKSUM_TRIES }, signal);
	for (let known = file; ; known = await getFile(client, file.id, signal)) {
		if (known.sha256 !== '') return known;
		await attempts.pause(
			new DriveFailure('DRIVE_MISMATCH', 'Drive does not tell the checksum of the file. Try again later.', 'again'),
		);
	}
}

class Delivery {
	readonly #client: DriveClient;
	readonly #parcel: Parcel;
	readonly #source: FileHandle;
	readonly #options: UploadOptions & { chunkBytes: number };
	readonly #pace: Pace;
	readonly #began = performance.now();
	#uri: string | undefined;
	#sessions = 0;
	#acknowledged = 0;
	/** Most that this session ever kept: less is no progress. */
	#furthest = 0;
	#sent = 0;
	#sentNow = 0;

	constructor(
		client: DriveClient,
		parcel: Parcel,
		source: FileHandle,
		options: UploadOptions & { chunkBytes: number },
	) {
		this.#client = client;
		this.#parcel = parcel;
		this.#source = source;
		this.#options = options;
		this.#pace = new Pace(options.bytesPerSecond);
		this.#uri = usable(client, parcel, options.state);
	}

	/** The session that led to a wrong file leads nowhere else. */
	async forget(): Promise<void> {
		this.#uri = undefined;
		this.#furthest = 0;
		await this.#options.save(undefined);
	}

	/** A file in Drive that should be this one. */
	async bring(): Promise<DriveFile> {
		const { signal } = this.#options;
		const attempts = new Attempts(this.#client.patience, signal);
		// Unknown until Drive was asked: another process, or a lost answer, may have brought more than we know.
		let kept: number | undefined;
		let refreshed = false;
		for (;;) {
			throwIfCancelled(signal);
			try {
				const result = await this.#step(kept);
				if (result.done) return result.file;
				if (result.bytes > this.#furthest) {
					attempts.progressed();
					refreshed = false;
				} else if (kept !== undefined) await attempts.pause(noProgress());
				kept = result.bytes;
				this.#tell(kept);
			} catch (thrown) {
				throwIfCancelled(signal);
				if (!(thrown instanceof DriveFailure) || thrown.remedy === 'never') throw thrown;
				kept = undefined;
				if (thrown.remedy === 'gone') {
					// The folder would be missing just so: only of a session it says that another one helps.
					if (this.#uri === undefined) throw thrown;
					await this.forget();
				} else if (thrown.remedy === 'refresh' && !refreshed) {
					refreshed = true;
					this.#client.dropToken();
				} else {
					if (thrown.remedy === 'refresh') this.#client.dropToken();
					await attempts.pause(thrown);
				}
			}
		}
	}

	/** One exchange: look for the file and open a session, ask how much is there, or send a chunk. */
	async #step(kept: number | undefined): Promise<Kept> {
		const { size } = this.#parcel;
		const { signal, chunkBytes } = this.#options;
		if (this.#uri === undefined) {
			const found = await this.#lookUp();
			if (found) return { done: true, file: found };
			this.#uri = await this.#begin();
			return { done: false, bytes: 0 };
		}
		if (kept === undefined || (kept >= size && size > 0)) return askSession(this.#client, this.#uri, size, signal);
		const chunk = { uri: this.#uri, source: this.#source, from: kept, to: Math.min(size, kept + chunkBytes), size };
		const onSent = (bytes: number) => {
			this.#sent += bytes;
			this.#sentNow += bytes;
			this.#report();
		};
		return sendChunk(this.#client, { ...chunk, pace: this.#pace, onSent }, signal);
	}

	/** What an earlier attempt brought, and whose last answer was lost. */
	async #lookUp(): Promise<DriveFile | undefined> {
		const { folderId, id, kind, sha256 } = this.#parcel;
		const search = { folderId, properties: { backup: id, kind }, rejected: false };
		const found = await findFiles(this.#client, search, this.#options.signal);
		// One that was right when it came is no spoilt copy, whatever it is: that it is there must be said.
		return found.find((file) => file.sha256 === sha256) ?? found.find(isVerified) ?? found[0];
	}

	async #begin(): Promise<string> {
		this.#sessions += 1;
		if (this.#sessions > MOST_SESSIONS) {
			throw new HubError(
				'DRIVE_REFUSED',
				`Google Drive ended ${MOST_SESSIONS} uploads of ${this.#parcel.name} half way. Try again later.`,
			);
		}
		const { size, sha256 } = this.#parcel;
		const metadata = metadataOf(this.#parcel);
		const sessionUri = await beginSession(this.#client, metadata, size, this.#options.signal);
		await this.#options.save({ sessionUri, size, sha256 });
		return sessionUri;
	}

	#tell(kept: number): void {
		this.#acknowledged = kept;
		this.#furthest = Math.max(this.#furthest, kept);
		this.#sent = kept;
		this.#report();
	}

	#report(): void {
		const rate = this.#sentNow / ((performance.now() - this.#began) / 1_000);
		const { size: total } = this.#parcel;
		this.#options.onProgress?.({ acknowledged: this.#acknowledged, sent: this.#sent, total, rate });
	}
}

function metadataOf({ name, folderId, mimeType, id, kind, databaseUuid }: Parcel): Metadata {
	const properties = { hub: HUB, backup: id, kind, state: 'uploaded', ...(databaseUuid ? { db: databaseUuid } : {}) };
	return { name, parents: [folderId], mimeType: mimeType ?? 'application/octet-stream', appProperties: properties };
}

/** A session of another file, or at another place, is none of ours: no token goes there. */
function usable(client: DriveClient, parcel: Parcel, state: UploadState | undefined): string | undefined {
	if (!state || state.sha256 !== parcel.sha256 || state.size !== parcel.size) return undefined;
	if (!URL.canParse(state.sessionUri)) return undefined;
	return new URL(state.sessionUri).origin === new URL(client.addresses.api).origin ? state.sessionUri : undefined;
}

function noProgress(): DriveFailure {
	return new DriveFailure(
		'DRIVE_UNREACHABLE',
		'Google Drive keeps nothing of what is sent. Check the proxy, if there is one, or try again later.',
		'again',
	);
}
