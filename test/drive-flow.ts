/** Flows around `drive-upload` on a test's own stand-in of Google Drive. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { FlowNode } from './node-red.ts';
import type { DriveServer } from './servers/drive.ts';

/** Ids in the flow. */
export const DRIVE = 'drive';
export const UPLOAD = 'upload';
export const UPLOADED = 'uploaded';
export const PROGRESS = 'progress';

/** As it is shipped. */
export const DRIVE_FLOW: FlowNode[] = JSON.parse(
	readFileSync(path.resolve(import.meta.dirname, '../flows/drive-upload.json'), 'utf8'),
);

/** What leads a Node-RED to the stand-in. */
export function driveVariables({ url }: DriveServer, more: Record<string, string> = {}): Record<string, string> {
	return { DRIVE_API_URL: url, HUB_UPLOAD_FOLDERS: '', ...more };
}

/** All variables that the ready flow reads, beside those. */
export async function readyFlowVariables({ google }: DriveServer): Promise<Record<string, string>> {
	return {
		DRIVE_FOLDER: google.folderId,
		DRIVE_SERVICE_ACCOUNT: await readFile(google.keyFiles.uploader, 'utf8'),
	};
}

/** A connection by the service account that may only add. */
export async function serviceConnection({ google }: DriveServer): Promise<FlowNode> {
	return {
		id: DRIVE,
		type: 'google-drive',
		name: 'Drive',
		version: 1,
		accountType: 'service-account',
		folder: google.folderId,
		credentials: { serviceKey: await readFile(google.keyFiles.uploader, 'utf8') },
	};
}

/** A connection by the consent that the person of the demo gives. */
export function consentConnection({ google }: DriveServer): FlowNode {
	return {
		id: DRIVE,
		type: 'google-drive',
		name: 'Drive',
		version: 1,
		accountType: 'consent',
		clientId: google.web.id,
		folderName: 'Respaldos del hub',
		credentials: { clientSecret: google.web.secret },
	};
}

/** @param properties of the `drive-upload` node */
export function uploadFlow(connection: FlowNode, properties: Record<string, unknown> = {}): FlowNode[] {
	const place = { z: 'flow', x: 300, y: 100 };
	return [
		{ id: 'flow', type: 'tab', label: 'Subidas' },
		connection,
		{
			id: UPLOAD,
			type: 'drive-upload',
			version: 1,
			drive: DRIVE,
			...place,
			wires: [[UPLOADED], [PROGRESS]],
			...properties,
		},
		{ id: UPLOADED, type: 'test-tap', z: 'flow', wires: [] },
		{ id: PROGRESS, type: 'test-tap', z: 'flow', wires: [] },
	];
}
