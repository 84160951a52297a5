/** The properties of a `drive-download` node. */

import path from 'node:path';
import { custom, FieldProblem, optionalInteger, optionalText, reference, type ValuesOf } from '../runtime/fields.ts';
import { verifyingKeys } from '../runtime/verifying-keys.ts';

/** Faster than any line of a clinic; in Mbit/s. */
const MAX_MBIT = 100_000;

function readFolder(raw: unknown): string | undefined {
	const folder = optionalText().read(raw);
	if (folder !== undefined && !path.isAbsolute(folder)) throw new FieldProblem('folder');
	return folder;
}

const fields = {
	drive: reference(),
	verifying: verifyingKeys(),
	/** Name or `database.uuid`; empty where the folder holds one database. */
	database: optionalText(),
	/** Empty: `restore` in the user directory. */
	directory: custom(readFolder),
	/** Empty: no limit. */
	mbit: optionalInteger({ min: 1, max: MAX_MBIT }),
};

export type DownloadConfig = ValuesOf<typeof fields>;

export const downloadNode = { type: 'drive-download', fields } as const;
