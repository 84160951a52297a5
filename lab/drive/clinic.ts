/** The Google of the fictitious clinic: its people, the hub's application, two service accounts and the drive for backups. */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { FOLDER, newId, Records } from './records.ts';
import type { OAuthClient, World } from './world.ts';

/** The application of Google's console to which clients and service accounts belong. */
const PROJECT = 'clinic-hub';

/** May add to the drive for backups, and nothing else. */
export const UPLOADER = `hub-backup@${PROJECT}.iam.gserviceaccount.com`;
/** May also move to the trash there. */
export const RETENTION = `hub-retention@${PROJECT}.iam.gserviceaccount.com`;
/** Owns the consent of the demo. */
export const PERSON = 'respaldos@clinica.example';

/** A clinic's Google as it was made: the world, and what the hub is configured with. */
export interface ClinicGoogle {
	world: World;
	web: OAuthClient;
	desktop: OAuthClient;
	/** Keys of service accounts, as Google's console gives them to download. */
	keyFiles: { uploader: string; retention: string };
	/** Id of the shared drive. */
	driveId: string;
	/** Id of the folder for backups on it. */
	folderId: string;
}

/** Makes it in `directory` when it is not there yet; changes nothing the second time but `redirects`. */
export function clinicGoogle(directory: string, redirects: string[]): ClinicGoogle {
	const file = path.join(directory, 'google.json');
	if (!existsSync(file)) writeFileSync(file, JSON.stringify(made(directory)), { mode: 0o600 });
	const google = JSON.parse(readFileSync(file, 'utf8')) as ClinicGoogle;
	for (const client of [google.web, ...google.world.clients]) if (client.kind === 'web') client.redirects = redirects;
	return google;
}

function made(directory: string): ClinicGoogle {
	mkdirSync(directory, { recursive: true });
	const client = (kind: OAuthClient['kind']): OAuthClient => ({
		id: `${randomBytes(6).toString('hex')}-${kind}.apps.googleusercontent.com`,
		secret: `GOCSPX-${randomBytes(21).toString('base64url')}`,
		project: PROJECT,
		name: 'Clinic Hub',
		kind,
		redirects: [],
		publishing: 'production',
	});
	const [web, desktop] = [client('web'), client('desktop')];
	const uploader = serviceAccount(directory, UPLOADER);
	const retention = serviceAccount(directory, RETENTION);
	const driveId = newId();
	const world: World = {
		users: [
			{ email: PERSON, name: 'Respaldos de la Clínica' },
			{ email: 'ana.rojas@clinica.example', name: 'Ana Rojas' },
		],
		clients: [web, desktop],
		serviceAccounts: [uploader.account, retention.account],
		sharedDrives: [
			{
				id: driveId,
				name: 'Clínica',
				members: { [PERSON]: 'organizer', [UPLOADER]: 'writer', [RETENTION]: 'fileOrganizer' },
			},
		],
	};
	const records = new Records(directory, world);
	const folder = records.make({ name: 'Respaldos de Odoo', mimeType: FOLDER, parent: driveId, project: '' });
	records.put(folder);
	const keyFiles = { uploader: uploader.file, retention: retention.file };
	return { world, web, desktop, keyFiles, driveId, folderId: folder.id };
}

function serviceAccount(directory: string, email: string) {
	const { publicKey, privateKey } = keyPair(email);
	const keyId = randomBytes(20).toString('hex');
	const file = path.join(directory, `${email.split('@')[0]}.json`);
	const key = {
		type: 'service_account',
		project_id: PROJECT,
		private_key_id: keyId,
		private_key: privateKey,
		client_email: email,
		token_uri: 'https://oauth2.googleapis.com/token',
		universe_domain: 'googleapis.com',
	};
	writeFileSync(file, JSON.stringify(key, null, '\t'), { mode: 0o600 });
	return { file, account: { email, project: PROJECT, publicKey, keyId } };
}

type KeyPair = { publicKey: string; privateKey: string };

/** One a process and account: making one takes as long as a small upload. */
const keyPairs = new Map<string, KeyPair>();

function keyPair(email: string): KeyPair {
	const known = keyPairs.get(email);
	if (known) return known;
	const made = generateKeyPairSync('rsa', {
		modulusLength: 2048,
		publicKeyEncoding: { type: 'spki', format: 'pem' },
		privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
	});
	keyPairs.set(email, made);
	return made;
}
