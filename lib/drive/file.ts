/** A file in Drive, as the rest of the hub sees it. */
import type { drive_v3 } from '@googleapis/drive';

export interface DriveFile {
	id: string;
	name: string;
	/** In bytes; 0 for a folder. */
	size: number;
	/** Hex, as Drive computed it; empty when it does not tell (yet). */
	sha256: string;
	/** ISO 8601, by Drive's clock. */
	createdTime: string;
	trashed: boolean;
	/** Only those of this application. */
	appProperties: Record<string, string>;
	/** What a person reads beside the file; holds the note of a "keep" mark. */
	description: string;
}

/** What is asked of Drive about a file. */
export const FILE_FIELDS = 'id,name,size,sha256Checksum,createdTime,trashed,appProperties,description';

export function driveFile(raw: drive_v3.Schema$File): DriveFile {
	return {
		id: raw.id ?? '',
		name: raw.name ?? '',
		size: Number(raw.size ?? 0),
		sha256: raw.sha256Checksum ?? '',
		createdTime: raw.createdTime ?? '',
		trashed: raw.trashed ?? false,
		appProperties: (raw.appProperties ?? {}) as Record<string, string>,
		description: raw.description ?? '',
	};
}

/** The states of an own file: on its way to being compared, compared and right, compared and wrong. */
export type FileState = 'uploaded' | 'verified' | 'rejected';

/** In `appProperties.hub` of every own file. */
export const HUB = 'clinic-hub';

/** In `appProperties`, a mark that a person set: its time is the value. */
export const KEEP = 'keep';

/** True for a file that a person marked to be kept. */
export function isKept({ appProperties }: Pick<DriveFile, 'appProperties'>): boolean {
	return Boolean(appProperties[KEEP]);
}
