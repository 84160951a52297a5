/** Opens Drive for the nodes that use a connection, once for each account, and says how the connection is. */

import type { DriveClient } from '../../lib/drive/client.ts';
import type { DriveAccount } from '../../lib/drive/sign-in.ts';
import { type HubErrorCode, toHubError } from '../../lib/errors.ts';
import type { HubNode } from '../runtime/define-node.ts';
import { type Phrase, phraseOf } from '../runtime/phrase.ts';
import { accountOf } from './account.ts';
import { apiUrl, type DriveConfig, type DriveSecrets } from './config.ts';
import type { DriveConnection, OpenedDrive } from './connection.ts';

const READY: Phrase = { key: 'google-drive.status.ready' };

/** Failures of the connection itself; any other is one of the work only. */
const OWN: ReadonlySet<HubErrorCode> = new Set([
	'DRIVE_CONSENT',
	'DRIVE_CREDENTIALS',
	'DRIVE_FORBIDDEN',
	'DRIVE_FULL',
	'DRIVE_NOT_FOUND',
	'DRIVE_UNREACHABLE',
	'DRIVE_BUSY',
]);

export class DriveOpener implements DriveConnection {
	readonly #node: HubNode<DriveConfig, DriveSecrets>;
	#open: { key: string; client: DriveClient; folderId: string | undefined } | undefined;

	constructor(node: HubNode<DriveConfig, DriveSecrets>) {
		this.#node = node;
	}

	async open(signal?: AbortSignal): Promise<OpenedDrive> {
		try {
			const { config, secrets, hub } = this.#node;
			const account = await accountOf(config, secrets, hub);
			// Another consent, or another secret of the client, is another client.
			const key = JSON.stringify(account);
			if (this.#open?.key !== key) this.#open = { key, client: await clientOf(account), folderId: undefined };
			const open = this.#open;
			open.folderId ??= await folderOf(open.client, config, signal);
			return { client: open.client, folderId: open.folderId };
		} catch (thrown) {
			this.report(thrown);
			throw thrown;
		}
	}

	report(failure: unknown): void {
		const { status } = this.#node;
		if (failure === undefined) {
			status.set('ready', READY);
			return;
		}
		const error = toHubError(failure);
		// Somebody may have removed the folder, and it will be looked up or made again.
		if (error.code === 'DRIVE_NOT_FOUND' && this.#open) this.#open.folderId = undefined;
		// No failure of the hub: its sign of life goes on.
		if (OWN.has(error.code)) status.set('waiting', phraseOf(error));
	}
}

async function clientOf(account: DriveAccount): Promise<DriveClient> {
	const { openDrive } = await import('../../lib/drive/client.ts');
	return openDrive({ account, ...apiUrl() });
}

/** Of a service account the one that it was given; of a consent the hub's own. */
export async function folderOf(
	client: DriveClient,
	{ accountType, folder = '', folderName }: DriveConfig,
	signal?: AbortSignal,
): Promise<string> {
	const { folderIdOf, ownFolder } = await import('../../lib/drive/folder.ts');
	return accountType === 'service-account' ? folderIdOf(folder) : (await ownFolder(client, folderName, signal)).id;
}
