/** Files that are laid into the folder by the API with the account of the uploader, marked as the hub's own and as verified. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Item } from '../lab/drive/records.ts';
import { uploadFile } from '../lib/drive/upload.ts';
import type { DriveServer } from './servers/drive.ts';
import { UUID } from './unit/backup/proof-files.ts';

/** @param id of the backup that it claims to be */
export async function plantFile(
	server: DriveServer,
	kind: 'backup' | 'record',
	name: string,
	content: Buffer,
	id: string = randomUUID(),
): Promise<Item> {
	// Under an id of its own first: the uploader would find what lies there under the other one.
	const parcel = await server.parcel(content, { name, kind, databaseUuid: UUID });
	const { id: planted } = await uploadFile(await server.service(), parcel, { save: async () => {} });
	const item = server.drive.records.find(planted) ?? assert.fail();
	const [properties] = Object.values(item.appProperties);
	if (properties) properties['backup'] = id;
	return item;
}
