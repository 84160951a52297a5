/** Partial answers: `fields=files(id,name),nextPageToken` leaves out everything else. */
import { invalid } from './refusal.ts';

interface Mask {
	[name: string]: Mask | true;
}

/**
 * @param known one complete answer, whose names may be asked for
 * @throws Refusal 400 for a name that does not exist
 */
export function select(answer: unknown, fields: string): unknown {
	if (fields === '*') return answer;
	const [mask, end] = parse(fields, 0);
	if (end !== fields.length) throw invalid(`Invalid field selection ${fields}`);
	return apply(answer, mask);
}

function parse(fields: string, start: number): [Mask, number] {
	const mask: Mask = {};
	let at = start;
	while (at < fields.length) {
		const name = /^[A-Za-z0-9*_]+/.exec(fields.slice(at))?.[0];
		if (!name) throw invalid(`Invalid field selection ${fields.slice(at) || fields}`);
		at += name.length;
		let child: Mask | true = true;
		if (fields[at] === '/') [child, at] = parseOne(fields, at + 1);
		else if (fields[at] === '(') {
			[child, at] = parse(fields, at + 1);
			if (fields[at] !== ')') throw invalid(`Invalid field selection ${fields}`);
			at += 1;
		}
		mask[name] = merged(mask[name], child);
		if (fields[at] !== ',') break;
		at += 1;
		while (fields[at] === ' ') at += 1;
	}
	return [mask, at];
}

function parseOne(fields: string, start: number): [Mask, number] {
	const name = /^[A-Za-z0-9*_]+/.exec(fields.slice(start))?.[0];
	if (!name) throw invalid(`Invalid field selection ${fields}`);
	const at = start + name.length;
	if (fields[at] !== '/') return [{ [name]: true }, at];
	const [child, end] = parseOne(fields, at + 1);
	return [{ [name]: child }, end];
}

function merged(one: Mask | true | undefined, other: Mask | true): Mask | true {
	if (one === undefined) return other;
	return one === true || other === true ? true : { ...one, ...other };
}

function apply(value: unknown, mask: Mask | true): unknown {
	if (mask === true || mask['*']) return value;
	if (Array.isArray(value)) return value.map((item) => apply(item, mask));
	if (value === null || typeof value !== 'object') return value;
	const record = value as Record<string, unknown>;
	const chosen: Record<string, unknown> = {};
	for (const [name, child] of Object.entries(mask)) {
		if (!KNOWN.has(name)) throw invalid(`Invalid field selection ${name}`);
		if (record[name] !== undefined) chosen[name] = apply(record[name], child);
	}
	return chosen;
}

/** Of all the answers that there are here. */
const KNOWN = new Set(
	`kind id name mimeType description starred trashed explicitlyTrashed trashedTime parents properties appProperties spaces
version webContentLink webViewLink createdTime modifiedTime size md5Checksum sha1Checksum sha256Checksum driveId teamDriveId
owners ownedByMe shared permissions permissionIds capabilities originalFilename fileExtension fullFileExtension
headRevisionId quotaBytesUsed files nextPageToken incompleteSearch user storageQuota displayName emailAddress me
permissionId limit usage usageInDrive usageInDriveTrash type role domain allowFileDiscovery deleted permissionDetails
inherited inheritedFrom permissionType drives canAddChildren canTrashChildren canDeleteChildren canListChildren canEdit
canTrash canDelete canDownload canShare canTrashChildren canReadRevisions iconLink thumbnailLink hasThumbnail
shortcutDetails exportLinks importFormats exportFormats maxUploadSize resourceKey sharingUser sharedWithMeTime
restrictions hidden writersCanShare viewedByMe lastModifyingUser modifiedByMeTime viewedByMeTime linkShareMetadata`.split(
		/\s+/,
	),
);
