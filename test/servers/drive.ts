/** A stand-in of Google Drive for one test, with clients of it. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ClinicGoogle, clinicGoogle, PERSON } from '../../lab/drive/clinic.ts';
import type { DriveStandIn } from '../../lab/drive/exchange.ts';
import type { Item } from '../../lab/drive/records.ts';
import { makeDrive } from '../../lab/drive/server.ts';
import { type DriveClient, type DriveOptions, openDrive } from '../../lib/drive/client.ts';
import { SCOPES } from '../../lib/drive/scopes.ts';
import type { Parcel } from '../../lib/drive/upload.ts';

/** Pauses that a test can wait for. */
export const PATIENCE = { minMs: 1, maxMs: 8, failures: 12 };

export interface DriveServer extends AsyncDisposable {
	readonly drive: DriveStandIn;
	readonly google: ClinicGoogle;
	readonly directory: string;
	readonly url: string;
	/** A client by the key of the uploading service account, or of the one for retention. */
	service(who?: 'uploader' | 'retention', options?: Partial<DriveOptions>): Promise<DriveClient>;
	/** A client by a consent that the person of the demo gave. */
	consented(options?: Partial<DriveOptions>, scopes?: string[]): Promise<DriveClient>;
	/** A parcel for the folder on the shared drive; of so many random bytes where no content is given. */
	parcel(content: number | Buffer, more?: Partial<Parcel>): Promise<Parcel>;
	/** Files in the folder that hold bytes, whether in the trash or not. */
	files(): Item[];
}

export async function startDrive(options: { tls?: { cert: string; key: string } } = {}): Promise<DriveServer> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-drive-'));
	const google = clinicGoogle(directory, ['http://localhost:1880/callback', 'https://hub.clinica.cl/callback']);
	const drive = makeDrive({ directory, world: google.world, ...options });
	drive.server.listen(0, '127.0.0.1');
	await once(drive.server, 'listening');
	const { port } = drive.server.address() as AddressInfo;
	const url = `${options.tls ? 'https' : 'http'}://127.0.0.1:${port}`;
	const client = (account: DriveOptions['account'], more: Partial<DriveOptions> = {}) =>
		openDrive({ account, apiUrl: url, patience: PATIENCE, idleMs: 20_000, ...more });
	return {
		...{ drive, google, directory, url },
		async service(who = 'uploader', more = {}) {
			return client({ kind: 'service-account', key: await readFile(google.keyFiles[who], 'utf8') }, more);
		},
		async consented(more = {}, scopes = [SCOPES.own]) {
			const { id: clientId, secret: clientSecret } = google.web;
			const redirectUri = google.web.redirects[0] ?? '';
			const web = drive.records.world.clients.find(({ id }) => id === clientId) ?? google.web;
			const code = drive.tokens.code({
				...{ client: web, account: PERSON, scopes, redirectUri },
				...{ challenge: undefined, method: 'plain', offline: true },
			});
			const form = { code, grant_type: 'authorization_code', redirect_uri: redirectUri };
			const body = new URLSearchParams({ ...form, client_id: clientId, client_secret: clientSecret });
			const answer = await fetch(`${url}/token`, { method: 'POST', body });
			const { refresh_token: refreshToken } = (await answer.json()) as { refresh_token: string };
			return client({ kind: 'consent', clientId, clientSecret, refreshToken, scope: scopes.join(' ') }, more);
		},
		async parcel(given, more = {}) {
			const content = Buffer.isBuffer(given) ? given : randomBytes(given);
			const file = path.join(directory, `source-${randomUUID()}`);
			await writeFile(file, content);
			const sha256 = createHash('sha256').update(content).digest('hex');
			const place = { path: file, name: 'clinica_2026-11-24T03-00-00Z.zip.age', folderId: google.folderId };
			return {
				...place,
				size: content.length,
				sha256,
				id: randomUUID(),
				kind: 'backup',
				databaseUuid: 'db-1',
				...more,
			};
		},
		files: () => drive.records.all.filter(({ size }) => size !== undefined),
		async [Symbol.asyncDispose]() {
			await drive.close();
			await rm(directory, { recursive: true, force: true });
		},
	};
}
