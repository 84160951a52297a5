/** What a flow wants to have uploaded: a claim check of a backup, a file on this machine, or what a message holds. */

import path from 'node:path';
import { HubError } from '../errors.ts';
import type { ClaimCheck } from './record.ts';

export interface FileRequest {
	/** The same for every attempt to bring the same file; default made of name and content. */
	id?: string;
	/** Path, absolute or below one of the folders that may be uploaded from. */
	file: string;
	/** In Drive; default the last part of the path. */
	name?: string;
	mimeType?: string;
}

export interface ContentRequest extends Omit<FileRequest, 'file' | 'name'> {
	content: Buffer;
	/** In Drive. */
	name: string;
}

export type UploadRequest =
	| { kind: 'backup'; claim: ClaimCheck }
	| ({ kind: 'file' } & FileRequest)
	| ({ kind: 'content' } & ContentRequest);

const HASH = /^[0-9a-f]{64}$/;
/** Google keeps 124 bytes of a property with its name. */
const ID = /^[\w.-]{1,100}$/;
/** No path and nothing invisible: a person sees it in the folder. In characters. */
const NAME = /^[^/\\\p{Cc}]{1,200}$/u;
const MIME_TYPE = /^[\w.+-]+\/[\w.+-]+$/;

const EXPECTED =
	'msg.payload must be a claim check of odoo-backup, { file } with a path, { content, name }, or text or bytes with msg.filename.';

/** @throws HubError `CONFIG_INVALID` saying what is missing or wrong */
export function uploadRequestOf({ payload, filename }: { payload?: unknown; filename?: unknown }): UploadRequest {
	if (typeof payload === 'string' || Buffer.isBuffer(payload)) {
		return { kind: 'content', content: bytesOf(payload), name: nameOf(filename, 'msg.filename') };
	}
	if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) throw invalid(EXPECTED);
	const given = payload as Record<string, unknown>;
	if (isClaim(given)) return { kind: 'backup', claim: given };
	const common = { ...optional(given, 'id', ID), ...optional(given, 'mimeType', MIME_TYPE) };
	const { file, content, name } = given;
	if (typeof content === 'string' || Buffer.isBuffer(content)) {
		return { kind: 'content', ...common, content: bytesOf(content), name: nameOf(name ?? filename, 'payload.name') };
	}
	if (typeof file !== 'string' || file === '' || file.includes('\0')) throw invalid(EXPECTED);
	return { kind: 'file', ...common, file, name: nameOf(name ?? path.basename(file), 'payload.name') };
}

function isClaim(given: object): given is ClaimCheck {
	const { id, database, databaseUuid, file, record, sha256, size } = given as Partial<ClaimCheck>;
	return (
		[id, database, databaseUuid, file, record].every((part) => typeof part === 'string' && part !== '') &&
		ID.test(id ?? '') &&
		HASH.test(sha256 ?? '') &&
		Number.isSafeInteger(size)
	);
}

function bytesOf(content: string | Buffer): Buffer {
	return typeof content === 'string' ? Buffer.from(content) : content;
}

function nameOf(name: unknown, where: string): string {
	if (typeof name === 'string' && NAME.test(name)) return name;
	throw invalid(`${where} must be the name of the file in Drive: 1 to 200 characters, without / and \\.`);
}

function optional(given: Record<string, unknown>, name: 'id' | 'mimeType', pattern: RegExp) {
	const value = given[name];
	if (value === undefined || value === null || value === '') return {};
	if (typeof value === 'string' && pattern.test(value)) return { [name]: value };
	throw invalid(`payload.${name} is not valid.`);
}

function invalid(text: string): HubError {
	return new HubError('CONFIG_INVALID', text);
}
