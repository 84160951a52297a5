/** The texts of the recovery kit; short, for somebody at three in the morning. In commands, `CAPITALS` are to be replaced. */

export type KitLanguage = 'en' | 'es';

export interface KitWords {
	title: string;
	demo: string;
	secret: string;
	made: string;
	recovery: string;
	recoveryHint: string;
	recoveryPublic: string;
	verifying: string;
	verifyingHint: string;
	keyId: string;
	oauth: string;
	oauthHint: string;
	oauthNone: string;
	folder: string;
	account: string;
	writeHere: string;
	worstDay: string;
	before: string[];
	withCommand: string;
	withoutCommand: string;
	/** Each a sentence, or a command in a list of its own. */
	withCommandSteps: (string | { command: string })[];
	withoutCommandSteps: (string | { command: string })[];
	after: string;
	afterSteps: string[];
	keep: string;
	keepSteps: string[];
}

const RESTORE = 'clinic-hub restore BACKUP --into clinica --identity recovery-key.txt';
const RESTORE_ES = 'clinic-hub restore COPIA --into clinica --identity recovery-key.txt';
const SETTINGS =
	"export DRIVE_CLIENT_ID='ID' DRIVE_CLIENT_SECRET='SECRET' ODOO_URL=https://ODOO ODOO_MASTER_PASSWORD='PASSWORD' HUB_BACKUP_VERIFYING_KEYS='KEY'";
const SETTINGS_ES =
	"export DRIVE_CLIENT_ID='ID' DRIVE_CLIENT_SECRET='SECRETO' ODOO_URL=https://ODOO ODOO_MASTER_PASSWORD='CONTRASEÑA' HUB_BACKUP_VERIFYING_KEYS='CLAVE'";
const FROM_FILE = 'clinic-hub restore --file FILE.zip.age --into clinica --identity recovery-key.txt';
const FROM_FILE_ES = 'clinic-hub restore --file ARCHIVO.zip.age --into clinica --identity recovery-key.txt';
const INSTALL = 'npm install --global @clinic-hub/node-red-clinic-hub';
const DECRYPT = 'age --decrypt --identity recovery-key.txt --output clinica.zip FILE.zip.age';
const DECRYPT_ES = 'age --decrypt --identity recovery-key.txt --output clinica.zip ARCHIVO.zip.age';

export const KIT_WORDS: Record<KitLanguage, KitWords> = {
	en: {
		title: 'Recovery kit of the clinic',
		demo: 'DEMONSTRATION. This key is published: anybody can open what is encrypted to it. Never for real data.',
		secret:
			'Secret. Whoever holds this sheet and a backup reads every record of the clinic. Print it, then delete the file.',
		made: 'Made',
		recovery: 'Recovery key',
		recoveryHint:
			'Opens every backup. When you type it, capitals and blanks do not matter to clinic-hub; for age write it in one line, in capitals, without blanks. A typing error is noticed.',
		recoveryPublic: 'Its public half, to compare',
		verifying: 'Verifying keys, newest first',
		verifyingHint: 'Show whether a backup was made by the hub of the clinic. No secret; capitals matter.',
		keyId: 'identifier',
		oauth: 'OAuth client for Google Drive',
		oauthHint: 'Lets clinic-hub see the backups in the folder again, after somebody has signed in to Google.',
		oauthNone: 'None: the hub uses a service account, or was not connected yet. The folder also opens in any browser.',
		folder: 'Folder in Google Drive',
		account: 'Google account that owns it',
		writeHere: 'write it here by hand',
		worstDay: 'The worst day',
		before: [
			'Write down the time. Nobody enters data until the clinic is open again.',
			'Do not restore over what is left: stop the old Odoo and leave its disk alone.',
			'You need a server with Odoo 18 and the same addons, its master password, and free disk for three times the backup.',
		],
		withCommand: 'With clinic-hub',
		withCommandSteps: [
			{ command: INSTALL },
			'Write the recovery key into a text file recovery-key.txt.',
			{ command: SETTINGS },
			{ command: 'clinic-hub drive connect' },
			{ command: 'clinic-hub backups' },
			'Take the newest that counts:',
			{ command: RESTORE },
			'Without an OAuth client above: leave out the two DRIVE variables and both commands before, download the backup as below, and run:',
			{ command: FROM_FILE },
		],
		withoutCommand: 'With a browser, age and the page of Odoo',
		withoutCommandSteps: [
			'Open drive.google.com with the account above. In the folder sort by date and download the newest file that ends with .zip.age, and the file beside it that ends with .json.',
			'Install age (apt install age, brew install age, or github.com/FiloSottile/age/releases).',
			{ command: 'sha256sum FILE.zip.age' },
			'The result must be the "sha256" in the .json file.',
			{ command: DECRYPT },
			'Open https://ODOO/web/database/manager, "Restore Database": the file clinica.zip, the name clinica, "This database was moved", not neutralized.',
			'age notices changed files but not forged ones. If somebody else could reach the folder, run first: clinic-hub verify FILE.zip.age --verifying-key KEY',
		],
		after: 'Before you open',
		afterSteps: [
			'Sign in as administrator and look at the last purchase, the last patient, a document.',
			'Run the full synchronisation of users with Keycloak before anybody else signs in: people who left since the backup are in it.',
			'Release the mails that were held, as far as they were not sent.',
			'Make a backup, see that it counts, and put this kit back.',
		],
		keep: 'Keeping this kit',
		keepSteps: [
			'Two copies in two places, neither beside the server.',
			'Twice a year: clinic-hub keys check --identity recovery-key.txt',
			'After a change of keys keep the old kit for as long as backups from before lie in the folder.',
		],
	},
	es: {
		title: 'Kit de recuperación de la clínica',
		demo: 'DEMOSTRACIÓN. Esta clave está publicada: cualquiera puede abrir lo cifrado con ella. Nunca para datos reales.',
		secret:
			'Secreto. Quien tenga esta hoja y una copia puede leer todos los datos de la clínica. Imprímala y borre el archivo.',
		made: 'Creado',
		recovery: 'Clave de recuperación',
		recoveryHint:
			'Abre todas las copias. Al escribirla en clinic-hub no importan las mayúsculas ni los espacios; para age escríbala en una línea, en mayúsculas y sin espacios. Un error al escribir se nota.',
		recoveryPublic: 'Su mitad pública, para comparar',
		verifying: 'Claves de verificación, la más reciente primero',
		verifyingHint: 'Muestran si una copia la hizo el hub de la clínica. No son secretas; importan las mayúsculas.',
		keyId: 'identificador',
		oauth: 'Cliente OAuth para Google Drive',
		oauthHint: 'Permite a clinic-hub ver de nuevo las copias de la carpeta, después de que alguien acceda a Google.',
		oauthNone:
			'Ninguno: el hub usa una cuenta de servicio, o aún no se ha conectado. La carpeta también se abre en cualquier navegador.',
		folder: 'Carpeta en Google Drive',
		account: 'Cuenta de Google a la que pertenece',
		writeHere: 'escríbalo aquí a mano',
		worstDay: 'El peor día',
		before: [
			'Anote la hora. Nadie introduce datos hasta que la clínica vuelva a abrir.',
			'No restaure encima de lo que queda: detenga el Odoo antiguo y no toque su disco.',
			'Necesita un servidor con Odoo 18 y los mismos módulos, su contraseña maestra y espacio libre para tres veces la copia.',
		],
		withCommand: 'Con clinic-hub',
		withCommandSteps: [
			{ command: INSTALL },
			'Escriba la clave de recuperación en un archivo de texto recovery-key.txt.',
			{ command: SETTINGS_ES },
			{ command: 'clinic-hub drive connect' },
			{ command: 'clinic-hub backups' },
			'Elija la más reciente que vale:',
			{ command: RESTORE_ES },
			'Sin un cliente OAuth arriba: omita las dos variables DRIVE y las dos órdenes anteriores, descargue la copia como se indica abajo y ejecute:',
			{ command: FROM_FILE_ES },
		],
		withoutCommand: 'Con un navegador, age y la página de Odoo',
		withoutCommandSteps: [
			'Abra drive.google.com con la cuenta de arriba. Ordene la carpeta por fecha y descargue el archivo más reciente que termina en .zip.age y el archivo a su lado que termina en .json.',
			'Instale age (apt install age, brew install age, o github.com/FiloSottile/age/releases).',
			{ command: 'sha256sum ARCHIVO.zip.age' },
			'El resultado debe ser el "sha256" del archivo .json.',
			{ command: DECRYPT_ES },
			'Abra https://ODOO/web/database/manager, «Restore Database»: el archivo clinica.zip, el nombre clinica, «This database was moved», sin neutralizar.',
			'age nota los archivos cambiados, no los falsificados. Si alguien más pudo llegar a la carpeta, ejecute antes: clinic-hub verify ARCHIVO.zip.age --verifying-key CLAVE',
		],
		after: 'Antes de abrir',
		afterSteps: [
			'Acceda como administrador y mire la última compra, el último paciente, un documento.',
			'Haga la sincronización completa de usuarios con Keycloak antes de que entre nadie más: quien dejó la clínica después de la copia sigue en ella.',
			'Libere los correos retenidos que no se enviaron.',
			'Haga una copia, compruebe que vale y devuelva este kit a su sitio.',
		],
		keep: 'Guardar este kit',
		keepSteps: [
			'Dos ejemplares en dos lugares, ninguno junto al servidor.',
			'Dos veces al año: clinic-hub keys check --identity recovery-key.txt',
			'Tras un cambio de claves, conserve el kit antiguo mientras queden en la carpeta copias anteriores.',
		],
	},
};
