/** The properties of a `drive-download` node. */

import { verifyingKeys } from '../runtime/backup-keys.ts';
import { optionalFolder, optionalInteger, optionalText, reference, type ValuesOf } from '../runtime/fields.ts';

/** Faster than any line of a clinic; in Mbit/s. */
const MAX_MBIT = 100_000;

const fields = {
	drive: reference(),
	verifying: verifyingKeys(),
	/** Name or `database.uuid`; empty where the folder holds one database. */
	database: optionalText(),
	/** Empty: `restore` in the user directory. */
	directory: optionalFolder(),
	/** Empty: no limit. */
	mbit: optionalInteger({ min: 1, max: MAX_MBIT }),
};

export type DownloadConfig = ValuesOf<typeof fields>;

export const downloadNode = { type: 'drive-download', fields } as const;
