/** The one designated folder: made by the hub with a consent, given to it with a service account. */
import type { drive_v3 } from '@googleapis/drive';
import { HubError } from '../errors.ts';
import type { DriveClient } from './client.ts';
import { HUB } from './file.ts';

export interface Folder {
	id: string;
	name: string;
	/** Of the shared drive that it lies on. */
	driveId: string | undefined;
	trashed: boolean;
	can: { list: boolean; add: boolean; trash: boolean; delete: boolean };
}

const FOLDER_TYPE = 'application/vnd.google-apps.folder';
const FIELDS =
	'id,name,mimeType,driveId,trashed,capabilities(canListChildren,canAddChildren,canTrashChildren,canDeleteChildren)';

/**
 * The folder by its id, or by the address that a browser shows.
 * @throws HubError DRIVE_NOT_FOUND, CONFIG_INVALID when it is no folder, DRIVE_*
 */
export async function getFolder(client: DriveClient, folder: string, signal?: AbortSignal): Promise<Folder> {
	const asked = { fileId: folderIdOf(folder), supportsAllDrives: true, fields: FIELDS };
	const raw = await client.call((api, options) => api.files.get(asked, options), signal);
	if (raw.mimeType !== FOLDER_TYPE) throw new HubError('CONFIG_INVALID', `${raw.name} is a file, not a folder.`);
	return folderOf(raw);
}

/**
 * The hub's own folder in My Drive, found again or made: `drive.file` reaches no folder of others.
 * @throws HubError DRIVE_*
 */
export async function ownFolder(client: DriveClient, name: string, signal?: AbortSignal): Promise<Folder> {
	const mark = `appProperties has { key='hub' and value='${HUB}' } and appProperties has { key='kind' and value='folder' }`;
	const asked = { q: `mimeType = '${FOLDER_TYPE}' and trashed = false and ${mark}`, orderBy: 'createdTime' };
	const { files } = await client.call(
		(api, options) => api.files.list({ ...asked, fields: `files(${FIELDS})` }, options),
		signal,
	);
	const found = files?.[0];
	if (found) return folderOf(found);
	const requestBody = { name, mimeType: FOLDER_TYPE, appProperties: { hub: HUB, kind: 'folder' } };
	return folderOf(
		await client.call((api, options) => api.files.create({ requestBody, fields: FIELDS }, options), signal),
	);
}

/** `https://drive.google.com/drive/folders/<id>` is what people copy. */
export function folderIdOf(text: string): string {
	return /\/folders\/([\w-]+)/.exec(text)?.[1] ?? text.trim();
}

function folderOf(raw: drive_v3.Schema$File): Folder {
	const { canListChildren, canAddChildren, canTrashChildren, canDeleteChildren } = raw.capabilities ?? {};
	return {
		id: raw.id ?? '',
		name: raw.name ?? '',
		driveId: raw.driveId ?? undefined,
		trashed: raw.trashed ?? false,
		can: {
			list: canListChildren ?? false,
			add: canAddChildren ?? false,
			trash: canTrashChildren ?? false,
			delete: canDeleteChildren ?? false,
		},
	};
}
