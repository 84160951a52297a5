/** Stands in for Google Drive, which no test machine reaches: backups land in its folder as they would at Google. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { type ClinicGoogle, clinicGoogle } from '../drive/clinic.ts';
import type { Address, LabContext, LabProcess, System } from '../system.ts';

/** It listens within a second; in ms. */
const START_TIMEOUT_MS = 30_000;

/** Where the editor takes consents back, below its address. */
const CALLBACK = '/clinic-hub/google-drive/return';

/** A system of its own for each lab, because it remembers its process. */
export function drive(): System {
	let running: LabProcess | undefined;
	return {
		name: 'drive',
		ports: { web: 8085 },
		// Whoever reaches it can look at the folder without signing in.
		loopback: ['web'],
		async ensure(context) {
			googleOf(context);
		},
		async start(context) {
			const { listen, port } = context.endpoint('drive', 'web');
			const main = path.join(context.root, 'lab/drive/main.ts');
			const args = [main, listen, String(port), context.directory, ...redirects(context)];
			running = await context.run({ command: process.execPath, args });
		},
		async ready(context) {
			const { url } = context.endpoint('drive', 'web');
			await context.until(
				{ en: 'The stand-in of Google Drive answering', es: 'Que el sustituto de Google Drive responda' },
				async (signal) => (await fetch(url, { signal })).ok,
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
		},
		async stop() {
			await running?.stop();
			running = undefined;
		},
		variables(context) {
			const google = googleOf(context);
			return {
				DRIVE_API_URL: context.endpoint('drive', 'web').url,
				DRIVE_FOLDER: google.folderId,
				DRIVE_SERVICE_ACCOUNT: readFileSync(google.keyFiles.uploader, 'utf8'),
				DRIVE_RETENTION_ACCOUNT: readFileSync(google.keyFiles.retention, 'utf8'),
				DRIVE_CLIENT_ID: google.web.id,
				DRIVE_CLIENT_SECRET: google.web.secret,
			};
		},
		addresses: (context): Address[] => [
			{
				what: { en: 'Google Drive (a stand-in, not Google)', es: 'Google Drive (un sustituto, no Google)' },
				url: `${context.endpoint('drive', 'web').openUrl}/?folder=${googleOf(context).folderId}`,
				hint: {
					en: 'In the editor’s flow “Backups” press “Back up now”: the backup appears in this folder, encrypted and signed',
					es: 'En el flujo «Copias de seguridad» del editor pulse «Copiar ahora»: la copia aparece en esta carpeta, cifrada y firmada',
				},
			},
		],
	};
}

function googleOf(context: LabContext): ClinicGoogle {
	return clinicGoogle(path.join(context.labDirectory, 'drive'), redirects(context));
}

function redirects(context: LabContext): string[] {
	let port: number;
	try {
		port = context.port('node-red', 'editor');
	} catch {
		return []; // started without an editor, nobody consents in it
	}
	return [`http://localhost:${port}${CALLBACK}`, `http://127.0.0.1:${port}${CALLBACK}`];
}
