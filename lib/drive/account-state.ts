/** What Drive says beside the files: its own clock, and the space of the account. */
import type { drive_v3 } from '@googleapis/drive';
import { HubError } from '../errors.ts';
import type { DriveClient } from './client.ts';
import { getFolder } from './folder.ts';

export interface DriveState {
	/** By Drive's clock, ms since 1970; this machine's where an answer has no date. */
	now: number;
	/** Bytes that the account has left; undefined on a shared drive and without a limit: Drive does not tell. */
	free: number | undefined;
}

/** @throws HubError DRIVE_NOT_FOUND also for a folder in the trash, DRIVE_*, CANCELLED */
export async function driveState(client: DriveClient, folderId: string, signal?: AbortSignal): Promise<DriveState> {
	const folder = await getFolder(client, folderId, signal);
	if (folder.trashed) {
		throw new HubError('DRIVE_NOT_FOUND', 'The folder lies in the trash of Google Drive. Bring it back from there.');
	}
	let now = Number.NaN;
	const { storageQuota } = await client.call(async (api, options) => {
		const response = await api.about.get({ fields: 'storageQuota(limit,usage)' }, options);
		// The types of the client are those of an older transport.
		now = Date.parse((response.headers as unknown as Headers).get('date') ?? '');
		return response;
	}, signal);
	const own = folder.driveId === undefined && client.account.kind === 'consent';
	return { now: Number.isNaN(now) ? Date.now() : now, free: own ? freeOf(storageQuota) : undefined };
}

function freeOf(quota: drive_v3.Schema$About['storageQuota']): number | undefined {
	const { limit, usage } = quota ?? {};
	return limit ? Number(limit) - Number(usage ?? 0) : undefined;
}
