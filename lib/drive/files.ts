/** Own files in the folder: finding, marking, keeping, removing. Whatever else lies there is neither seen nor touched. */
import type { drive_v3 } from '@googleapis/drive';
import type { DriveClient } from './client.ts';
import { DriveFailure } from './failure.ts';
import { type DriveFile, driveFile, FILE_FIELDS, type FileState, HUB, KEEP } from './file.ts';

export interface FileSearch {
	folderId: string;
	/** All of these must be there, each with this value; `hub` is added. */
	properties: Record<string, string>;
	/** Also what lies in the trash. Default false. */
	trashed?: boolean;
	/** Also files that were found to be wrong. Default true. */
	rejected?: boolean;
}

/** Pages of one list; at 1,000 files each it is more than Drive lets a folder hold. */
const MOST_PAGES = 600;
const PAGE_SIZE = 1_000;

/**
 * Every own file that fits, newest first by Drive's clock.
 * @throws HubError DRIVE_*, CANCELLED
 */
export async function findFiles(client: DriveClient, search: FileSearch, signal?: AbortSignal): Promise<DriveFile[]> {
	const { folderId, properties, trashed = false, rejected = true } = search;
	const terms = [
		`${literal(folderId)} in parents`,
		...Object.entries({ hub: HUB, ...properties }).map(([key, value]) => has(key, value)),
		...(trashed ? [] : ['trashed = false']),
		...(rejected ? [] : [`not ${has('state', 'rejected')}`]),
	];
	const asked = { q: terms.join(' and '), pageSize: PAGE_SIZE, orderBy: 'createdTime desc' };
	const fields = `nextPageToken,incompleteSearch,files(${FILE_FIELDS})`;
	const everywhere = { supportsAllDrives: true, includeItemsFromAllDrives: true };
	const found: DriveFile[] = [];
	let pageToken: string | undefined;
	for (let page = 0; page < MOST_PAGES; page += 1) {
		const token = pageToken === undefined ? {} : { pageToken };
		const data: drive_v3.Schema$FileList = await client.call(
			(api, options) => api.files.list({ ...asked, ...everywhere, fields, ...token }, options),
			signal,
		);
		if (data.incompleteSearch) {
			throw new DriveFailure(
				'DRIVE_UNREACHABLE',
				'Google Drive searched only a part of its files. Try again later.',
				'again',
			);
		}
		found.push(...(data.files ?? []).map(driveFile));
		pageToken = data.nextPageToken ?? undefined;
		if (pageToken === undefined) return found;
	}
	throw new DriveFailure(
		'DRIVE_REFUSED',
		'The folder holds more files than Google Drive allows. Use another one.',
		'never',
	);
}

/** Every own file of one Odoo database, its records included; `kind` narrows. */
export function filesOfDatabase(
	client: DriveClient,
	{
		folderId,
		databaseUuid,
		kind,
		trashed,
	}: { folderId: string; databaseUuid: string; kind?: string; trashed?: boolean },
	signal?: AbortSignal,
): Promise<DriveFile[]> {
	const properties = { db: databaseUuid, ...(kind ? { kind } : {}) };
	return findFiles(client, { folderId, properties, ...(trashed ? { trashed } : {}) }, signal);
}

/** @throws HubError DRIVE_NOT_FOUND, DRIVE_*, CANCELLED */
export async function getFile(client: DriveClient, id: string, signal?: AbortSignal): Promise<DriveFile> {
	const asked = { fileId: id, supportsAllDrives: true, fields: FILE_FIELDS };
	return driveFile(await client.call((api, options) => api.files.get(asked, options), signal));
}

export async function markState(
	client: DriveClient,
	id: string,
	state: FileState,
	signal?: AbortSignal,
): Promise<DriveFile> {
	return change(client, id, { appProperties: { state } }, signal);
}

/**
 * Keeps a file from being pruned, with a note that whoever looks into the folder reads; null takes the mark away.
 * @param at when, for the record; default now
 */
export async function markKept(
	client: DriveClient,
	id: string,
	note: string | null,
	{ at = new Date(), signal }: { at?: Date; signal?: AbortSignal } = {},
): Promise<DriveFile> {
	const keep = note === null ? null : at.toISOString();
	// The API removes a property by null, which its types do not know.
	const appProperties = { [KEEP]: keep } as Record<string, string>;
	return change(client, id, { appProperties, description: note ?? '' }, signal);
}

/** Into the trash, where Drive keeps it for 30 days. @throws HubError DRIVE_FORBIDDEN for a contributor */
export async function trashFile(client: DriveClient, id: string, signal?: AbortSignal): Promise<DriveFile> {
	return change(client, id, { trashed: true }, signal);
}

/** Past the trash, for good. Needs a manager's role on a shared drive. */
export async function deleteFile(client: DriveClient, id: string, signal?: AbortSignal): Promise<void> {
	try {
		await client.call((api, options) => api.files.delete({ fileId: id, supportsAllDrives: true }, options), signal);
	} catch (thrown) {
		// Gone is what was asked for, also when an earlier attempt did it and its answer was lost.
		if (!(thrown instanceof DriveFailure && thrown.remedy === 'gone')) throw thrown;
	}
}

/** Makes sure that a wrong file is never taken for a right one: into the trash, or where the role does not allow it, marked. */
export async function rejectFile(
	client: DriveClient,
	id: string,
	signal?: AbortSignal,
): Promise<'trashed' | 'rejected'> {
	await markState(client, id, 'rejected', signal);
	try {
		await trashFile(client, id, signal);
		return 'trashed';
	} catch (thrown) {
		if (thrown instanceof DriveFailure && thrown.code === 'DRIVE_FORBIDDEN') return 'rejected';
		throw thrown;
	}
}

async function change(
	client: DriveClient,
	fileId: string,
	requestBody: drive_v3.Schema$File,
	signal: AbortSignal | undefined,
): Promise<DriveFile> {
	const asked = { fileId, supportsAllDrives: true, fields: FILE_FIELDS, requestBody };
	return driveFile(await client.call((api, options) => api.files.update(asked, options), signal));
}

/** A text of the search language: https://developers.google.com/workspace/drive/api/guides/search-files */
function literal(text: string): string {
	return `'${text.replace(/[\\']/g, '\\$&')}'`;
}

function has(key: string, value: string): string {
	return `appProperties has { key=${literal(key)} and value=${literal(value)} }`;
}
