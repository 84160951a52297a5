/** From where a flow may have files uploaded: whoever edits flows must not reach every file of the hub's account. */

import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { HubError } from '../errors.ts';

/** Of `HUB_UPLOAD_FOLDERS`: absolute paths, separated by commas. @throws HubError `CONFIG_INVALID` */
export function uploadFolders(list: string | undefined): string[] {
	const folders = (list ?? '')
		.split(',')
		.map((folder) => folder.trim())
		.filter(Boolean);
	const relative = folders.find((folder) => !path.isAbsolute(folder));
	if (relative === undefined) return folders;
	throw new HubError('CONFIG_INVALID', `HUB_UPLOAD_FOLDERS: "${relative}" does not begin with /.`);
}

/**
 * Where the file really lies, links followed.
 * @param file absolute, or relative to one of the folders
 * @throws HubError `FORBIDDEN` outside of all of them, `NOT_FOUND` when it is in none
 */
export async function uploadPath(file: string, folders: readonly string[]): Promise<string> {
	if (folders.length === 0) {
		throw new HubError(
			'FORBIDDEN',
			'Files of this machine are not uploaded unless HUB_UPLOAD_FOLDERS lists their folder.',
		);
	}
	const roots = (await Promise.all(folders.map(really))).filter((root) => root !== undefined);
	const candidates = path.isAbsolute(file) ? [file] : roots.map((root) => path.join(root, file));
	const found = (await Promise.all(candidates.map(really))).filter((candidate) => candidate !== undefined);
	const allowed = found.find((candidate) => roots.some((root) => candidate.startsWith(root + path.sep)));
	if (allowed !== undefined) return allowed;
	// What lies outside is refused in the same words whether it exists or not.
	const inside = candidates.some((candidate) =>
		folders.some((folder) => path.resolve(candidate).startsWith(path.resolve(folder) + path.sep)),
	);
	if (found.length > 0 || !inside) {
		throw new HubError('FORBIDDEN', 'The file does not lie in one of the folders of HUB_UPLOAD_FOLDERS.');
	}
	throw new HubError('NOT_FOUND', `The file ${path.basename(file)} does not exist.`);
}

async function really(file: string): Promise<string | undefined> {
	try {
		return await realpath(file);
	} catch {
		return undefined; // missing, or not for the hub's account: both are told as not found
	}
}
