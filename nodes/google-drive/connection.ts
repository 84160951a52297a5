import type { DriveClient } from '../../lib/drive/client.ts';
import { connectionOf } from '../runtime/connection.ts';

export interface OpenedDrive {
	client: DriveClient;
	/** Of the designated folder. */
	folderId: string;
}

export interface DriveConnection {
	/**
	 * The client with the account as it is now: a consent that was given a moment ago needs no deploy. Makes the hub's
	 * own folder where a consent has none yet.
	 * @throws HubError DRIVE_CONSENT when nobody has consented yet or the consent is over, DRIVE_*, STORE_*, CANCELLED
	 */
	open(signal?: AbortSignal): Promise<OpenedDrive>;
	/** How work over the connection ended, for its own state: undefined for well. */
	report(failure: unknown): void;
}

/** What a `google-drive` node offers. */
export const driveConnection = connectionOf<DriveConnection>('google-drive');
