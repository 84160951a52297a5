/** `clinic-hub drive connect`: the consent to Google Drive on a workstation, where the hub itself has no public address. */

import { storeConsent } from '../lib/backup/drive-account.ts';
import { consentOnLoopback } from '../lib/drive/loopback-consent.ts';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';

export const driveConnect: Command = {
	name: 'drive connect',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'Sign in to Google with the OAuth client of DRIVE_CLIENT_ID and DRIVE_CLIENT_SECRET (type "Desktop app") and keep the consent in the store of the hub.',
		es: 'Acceder a Google con el cliente OAuth de DRIVE_CLIENT_ID y DRIVE_CLIENT_SECRET (tipo «Aplicación de escritorio») y guardar el consentimiento en el almacén del hub.',
	},
	options: {},
	async run({ environment, terminal, signal }) {
		const client = { id: environment.require('DRIVE_CLIENT_ID'), secret: environment.require('DRIVE_CLIENT_SECRET') };
		// Opened first: a consent that cannot be kept would have to be given again.
		const { lasting } = await environment.secrets();
		const apiUrl = environment.variables['DRIVE_API_URL'];
		const consent = await consentOnLoopback({
			client,
			language: terminal.language,
			signal,
			...(apiUrl ? { apiUrl } : {}),
			open: (page) =>
				terminal.warn({
					en: `Open this address in a browser on this machine, and sign in with the account that shall own the folder:\n\n  ${page}\n`,
					es: `Abra esta dirección en un navegador de este equipo y acceda con la cuenta a la que pertenecerá la carpeta:\n\n  ${page}\n`,
				}),
		});
		await storeConsent(lasting, consent);
		const { folder } = await environment.drive(signal);
		terminal.say({
			en: `Connected. Backups go to the folder "${folder.name}".`,
			es: `Conectado. Las copias van a la carpeta «${folder.name}».`,
		});
		if (consent.expiresAt !== undefined) {
			const day = new Date(consent.expiresAt).toISOString().slice(0, 10);
			terminal.warn({
				en: `This consent ends on ${day}, because the OAuth client is in "Testing": publish it in Google's console and connect again.`,
				es: `Este consentimiento termina el ${day}, porque el cliente OAuth está en «Prueba»: publíquelo en la consola de Google y conecte de nuevo.`,
			});
		}
		terminal.result({ ok: true, folder: { id: folder.id, name: folder.name }, expiresAt: consent.expiresAt ?? null });
		return EXIT.done;
	},
};
