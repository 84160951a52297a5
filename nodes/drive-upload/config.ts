/** The properties of a `drive-upload` node. */

import { optionalInteger, reference, type ValuesOf } from '../runtime/fields.ts';

/** Faster than any line of a clinic; in Mbit/s. */
const MAX_MBIT = 100_000;

/** Of a piece, in MiB: what Google's answers are waited for between. Beyond, nothing becomes faster. */
const PIECE = { min: 1, max: 256 };

const fields = {
	drive: reference(),
	/** Empty: no limit. */
	mbit: optionalInteger({ min: 1, max: MAX_MBIT }),
	/** Empty: 32 MiB. */
	pieceMib: optionalInteger(PIECE),
};

export type UploadConfig = ValuesOf<typeof fields>;

export const uploadNode = { type: 'drive-upload', fields } as const;
