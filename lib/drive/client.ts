/** Google Drive for one account: the official client for metadata, tokens for everything else, the same pauses for both. */
import type { drive_v3 } from '@googleapis/drive';
import type { AuthClient } from 'google-auth-library';
import { throwIfCancelled } from '../cancelled.ts';
import { type GoogleAddresses, googleAddresses } from './address.ts';
import { agentFor } from './agents.ts';
import { brokenConnection, DriveFailure, failureOf } from './failure.ts';
import { Attempts, PATIENCE, type Patience } from './patience.ts';
import { type DriveAccount, signIn } from './sign-in.ts';

export type { DriveAccount } from './sign-in.ts';

export interface DriveOptions {
	account: DriveAccount;
	/** Default Google's; anything else stays the same (`DRIVE_API_URL`). */
	apiUrl?: string;
	/** How long failures are borne. Default ten in a row, some six minutes. */
	patience?: Partial<Patience>;
	/** Without a byte in either direction for so long a transfer is broken, in ms. Default 120,000. */
	idleMs?: number;
	/** For one call about metadata or tokens, in ms. Default 60,000. */
	callMs?: number;
}

/** What every call of the official client is given. */
export interface CallOptions {
	signal: AbortSignal;
	timeout: number;
	retry: false;
}

/** Google answers the last chunk of a large file after having put it together; no answer took minutes, in ms. */
const IDLE_MS = 120_000;

/** For one call; Google answers metadata within a second or two. In ms. */
const CALL_MS = 60_000;

/** Opened by `openDrive`. Holds no connection that must be closed. */
export class DriveClient {
	readonly account: DriveAccount;
	readonly addresses: GoogleAddresses;
	readonly patience: Patience;
	readonly idleMs: number;
	readonly #callMs: number;
	readonly #api: drive_v3.Drive;
	readonly #auth: AuthClient;

	constructor(options: DriveOptions, api: drive_v3.Drive, auth: AuthClient) {
		this.account = options.account;
		this.addresses = googleAddresses(options.apiUrl);
		this.patience = { ...PATIENCE, ...options.patience };
		this.idleMs = options.idleMs ?? IDLE_MS;
		this.#callMs = options.callMs ?? CALL_MS;
		this.#api = api;
		this.#auth = auth;
	}

	/**
	 * One call about metadata, tried again as Google recommends.
	 * @throws HubError DRIVE_*, CANCELLED
	 */
	async call<T>(
		work: (api: drive_v3.Drive, options: CallOptions) => Promise<{ data: T }>,
		signal?: AbortSignal,
	): Promise<T> {
		return this.persist(async () => {
			const options = {
				signal: signal ?? new AbortController().signal,
				timeout: this.#callMs,
				retry: false,
			} as const;
			return (await work(this.#api, options)).data;
		}, signal);
	}

	/** A token that is valid for some minutes more; gets a fresh one when needed. @throws HubError DRIVE_*, CANCELLED */
	token(signal?: AbortSignal): Promise<string> {
		return this.persist(async () => (await this.#auth.getAccessToken()).token ?? '', signal);
	}

	/** Forgets the token at hand: Google does not accept it. */
	dropToken(): void {
		this.#auth.credentials = { ...this.#auth.credentials, expiry_date: 1 };
	}

	/** Scopes of the token at hand, where Google said so. */
	get grantedScopes(): string[] {
		return (this.#auth.credentials.scope ?? '').split(' ').filter(Boolean);
	}

	/** Repeats `work` as its failures demand. */
	async persist<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
		const attempts = new Attempts(this.patience, signal);
		let refreshed = false;
		for (;;) {
			throwIfCancelled(signal);
			try {
				return await work();
			} catch (thrown) {
				throwIfCancelled(signal);
				const failure = this.failureFrom(thrown);
				if (failure.remedy !== 'again' && failure.remedy !== 'refresh') throw failure;
				if (failure.remedy === 'refresh') this.dropToken();
				// A token that has just run out is no failure to wait for; a second one in a row is.
				if (failure.remedy === 'again' || refreshed) await attempts.pause(failure);
				refreshed = failure.remedy === 'refresh';
			}
		}
	}

	/** Of an error that the official client, or the sign-in, has thrown; holds nothing of the call, for that has secrets. */
	failureFrom(thrown: unknown): DriveFailure {
		if (thrown instanceof DriveFailure) return thrown;
		const { response } = thrown as { response?: { status: number; data: unknown; headers?: Headers } };
		if (!response) return brokenConnection(thrown, new URL(this.addresses.api).host);
		const { status, data, headers } = response;
		return failureOf({ status, body: data, retryAfter: headers?.get('retry-after') });
	}
}

/** @throws HubError CONFIG_INVALID; nothing goes over the network yet */
export async function openDrive(options: DriveOptions): Promise<DriveClient> {
	const addresses = googleAddresses(options.apiUrl);
	const [{ drive }, auth] = await Promise.all([
		import('@googleapis/drive'),
		signIn(options.account, addresses, options.callMs ?? CALL_MS),
	]);
	// The client has a class of its own for `auth`, of another copy of the same types.
	const settings = { version: 'v3', auth, agent: agentFor } as unknown as drive_v3.Options;
	return new DriveClient(options, drive(settings), auth);
}
