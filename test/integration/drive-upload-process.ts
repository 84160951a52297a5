/** Uploads one file from a process of its own that may be killed: reads what to do from the JSON file named, keeps its state in it. */
import { readFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { type DriveOptions, openDrive } from '../../lib/drive/client.ts';
import { type Parcel, type UploadState, uploadFile } from '../../lib/drive/upload.ts';

export interface Orders {
	drive: DriveOptions;
	parcel: Parcel;
	state?: UploadState;
	bytesPerSecond: number;
	chunkBytes: number;
	/** Set at the end. */
	id?: string;
}

const [file = ''] = process.argv.slice(2);
const orders = JSON.parse(readFileSync(file, 'utf8')) as Orders;

async function keep(changed: Partial<Orders>): Promise<void> {
	const handle = await open(`${file}.new`, 'w');
	await handle.writeFile(JSON.stringify({ ...orders, ...changed }));
	await handle.sync();
	await handle.close();
	await rename(`${file}.new`, file);
}

const { drive, parcel, state, bytesPerSecond, chunkBytes } = orders;
const client = await openDrive(drive);
let moving = false;
const { id } = await uploadFile(client, parcel, {
	...{ state, bytesPerSecond, chunkBytes },
	onProgress: ({ sent }) => {
		if (sent > 0 && !moving) console.log('moving');
		moving ||= sent > 0;
	},
	save: (saved) => keep(saved ? { state: saved } : {}),
});
await keep({ id });
