/** `clinic-hub restore`: from the folder, or from a file, into a database of Odoo. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bringBack } from '../lib/backup/bring-back.ts';
import { BackupEvidence } from '../lib/backup/evidence.ts';
import { recordFileName } from '../lib/backup/record.ts';
import { type RestorePhase, type RestoreReport, requirePlaceName, restoreBackup } from '../lib/backup/restore.ts';
import { type RestoreTarget, restorePlace } from '../lib/backup/restore-place.ts';
import { parseSigned } from '../lib/backup/signature.ts';
import { toHubError } from '../lib/errors.ts';
import { AFTER_RESTORE } from '../lib/odoo/neutralize.ts';
import { type Command, type Invocation, textOption, usageError } from './command.ts';
import { type Environment, readText } from './environment.ts';
import { EXIT } from './exit.ts';
import type { Text } from './terminal.ts';
import { IDENTITY_OPTION, identities, PHASE_WORDS, VERIFYING_OPTION, verifyingKeys } from './verify.ts';

interface LocalBackup {
	file: string;
	signed: unknown;
}

export const restore: Command = {
	name: 'restore',
	operands: '[BACKUP]',
	takes: { min: 0, max: 1 },
	help: {
		en: 'Restore a backup into Odoo: by its name or id in the folder, the newest that counts with "newest", or a downloaded one with --file.',
		es: 'Restaurar una copia en Odoo: por su nombre o id en la carpeta, la más reciente que vale con «newest», o una descargada con --file.',
	},
	options: {
		into: {
			type: 'string',
			value: 'DATABASE',
			help: {
				en: 'Name of the database to make. Needed. One that exists is replaced only after its name was typed.',
				es: 'Nombre de la base que se crea. Necesario. Una que existe se sustituye solo tras escribir su nombre.',
			},
		},
		database: {
			type: 'string',
			value: 'NAME',
			help: {
				en: 'For "newest", where backups of several databases lie in the folder.',
				es: 'Para «newest», si en la carpeta hay copias de varias bases.',
			},
		},
		file: {
			type: 'string',
			value: 'FILE',
			help: { en: 'A downloaded backup, its record beside it.', es: 'Una copia descargada, con su acta al lado.' },
		},
		identity: IDENTITY_OPTION,
		'verifying-key': VERIFYING_OPTION,
		directory: {
			type: 'string',
			value: 'DIRECTORY',
			help: {
				en: 'Where the encrypted file is kept meanwhile. Default: the directory for temporary files.',
				es: 'Dónde se guarda entretanto el archivo cifrado. Por omisión: el directorio de archivos temporales.',
			},
		},
		copy: {
			type: 'boolean',
			help: {
				en: 'The database gets an identity of its own: beside the one that it was made from.',
				es: 'La base recibe una identidad propia: junto a aquella de la que se hizo.',
			},
		},
		direct: {
			type: 'boolean',
			help: {
				en: 'Past the database manager, by ODOO_PG_… and ODOO_FILESTORE: also where it is switched off. What is replaced is kept under another name, hidden from Odoo.',
				es: 'Sin el gestor de bases de datos, por ODOO_PG_… y ODOO_FILESTORE: también si está desactivado. Lo sustituido se conserva con otro nombre, oculto para Odoo.',
			},
		},
		admin: {
			type: 'string',
			value: 'USER',
			help: {
				en: 'Administrator of the restored database, asked for the password: ends old sessions and holds waiting mails where PostgreSQL is not reached.',
				es: 'Administrador de la base restaurada, cuya contraseña se pide: termina sesiones antiguas y retiene correos en espera si no se llega a PostgreSQL.',
			},
		},
		neutralize: {
			type: 'boolean',
			help: { en: 'No mail, no jobs: for a test.', es: 'Sin correo ni tareas: para una prueba.' },
		},
	},
	run,
};

async function run(invocation: Invocation) {
	const { terminal, signal, values } = invocation;
	const into = textOption(invocation, 'into');
	if (!into) {
		throw usageError('Say which database to make: --into DATABASE.', 'Indique qué base se crea: --into DATABASE.');
	}
	requireOneBackup(invocation);
	requirePlaceName(into);
	const target = restoreTarget(invocation);
	const verifying = verifyingKeys(invocation);
	const keys = await identities(invocation);
	// An Odoo that cannot be reached is said before hours of download.
	await restorePlace(target).exists(into);
	const directory = await workDirectory(textOption(invocation, 'directory') ?? tmpdir());
	try {
		const report = await restoreBackup({
			...(await localBackup(invocation, directory, verifying)),
			...{ target, verifying, identities: keys, into, signal },
			copy: values['copy'] === true,
			neutralize: values['neutralize'] === true,
			confirm: async () => (await terminal.ask(askName(into))).trim(),
			onProgress: (phase, bytes, total) => terminal.progress(RESTORE_WORDS[phase], bytes, total),
		});
		return tell(invocation, report);
	} finally {
		await rm(directory, { recursive: true, force: true });
	}
}

async function workDirectory(parent: string): Promise<string> {
	try {
		return await mkdtemp(path.join(parent, 'clinic-hub-restore-'));
	} catch (cause) {
		const { code = 'no code' } = cause as NodeJS.ErrnoException;
		throw usageError(
			`Nothing can be written to ${parent} (${code}): name another place with --directory.`,
			`No se puede escribir en ${parent} (${code}): indique otro lugar con --directory.`,
			{ cause },
		);
	}
}

const RESTORE_WORDS: Record<RestorePhase, Text> = {
	...PHASE_WORDS,
	restore: { en: 'Restore', es: 'Restauración' },
	look: { en: 'Comparison', es: 'Comparación' },
};

/** By the variables of the hub. @throws HubError `CONFIG_INVALID` naming what is missing */
function restoreTarget(invocation: Invocation): RestoreTarget {
	const { environment, terminal, values } = invocation;
	// Only host, port and login are used: the database is the one that is made.
	const postgres = environment.postgresql('postgres');
	const folder = environment.variables['ODOO_FILESTORE'];
	const filestore = folder ? path.resolve(folder) : undefined;
	if (values['direct'] === true) {
		if (postgres && filestore) return { kind: 'direct', postgres, filestore };
		throw usageError(
			'To restore directly set ODOO_PG_HOST and ODOO_FILESTORE; see docs/variables.md.',
			'Para restaurar directamente, defina ODOO_PG_HOST y ODOO_FILESTORE; vea docs/variables.es.md.',
		);
	}
	const address = {
		url: environment.require('ODOO_URL'),
		masterPassword: environment.require('ODOO_MASTER_PASSWORD'),
	};
	const user = textOption(invocation, 'admin');
	const administrator = user
		? async () => ({
				user,
				password: await terminal.askSecret({
					en: `Password of "${user}" in the restored database:`,
					es: `Contraseña de «${user}» en la base restaurada:`,
				}),
			})
		: undefined;
	return { kind: 'manager', address, postgres, filestore, administrator };
}

const askName = (into: string): Text => ({
	en: `The database "${into}" exists and would be REPLACED. Type its name to go on:`,
	es: `La base «${into}» existe y se SUSTITUIRÍA. Escriba su nombre para continuar:`,
});

/** What was done, what could not be, and what a person has to do now. */
function tell({ terminal }: Invocation, report: RestoreReport) {
	const { database, startedAt, into, kept, comparison, safeguards, neutralized } = report;
	terminal.say({
		en: `Restored: "${database}" of ${startedAt} is now "${into}".`,
		es: `Restaurada: «${database}» de ${startedAt} es ahora «${into}».`,
	});
	if (kept) {
		terminal.say({
			en: `What was there is kept as "${kept}", where Odoo does not see it.`,
			es: `Lo que había se conserva como «${kept}», donde Odoo no lo ve.`,
		});
	}
	if (comparison) {
		const { tables, same, differences, attachments } = comparison;
		terminal.say({
			en: `Compared with its record: ${same} of ${tables} tables agree to the row, ${attachments.found} of ${attachments.expected} attachments.`,
			es: `Comparada con su acta: ${same} de ${tables} tablas coinciden en cada fila, ${attachments.found} de ${attachments.expected} adjuntos.`,
		});
		for (const { table, expected, found, allowed } of differences) {
			terminal.say(`  ${allowed === null ? '!' : ' '} ${table}: ${expected ?? '–'} → ${found ?? '–'}`);
		}
	} else {
		terminal.say({
			en: 'Not counted in the restored database: that needs ODOO_PG_HOST and ODOO_FILESTORE. The backup itself was read to its end.',
			es: 'Sin contar en la base restaurada: requiere ODOO_PG_HOST y ODOO_FILESTORE. La copia misma se leyó hasta el final.',
		});
	}
	if (!neutralized) {
		terminal.say(safeguards?.sessionsEnded ? SESSIONS_ENDED : SESSIONS_OPEN);
		const { mailsHeld } = safeguards ?? {};
		if (mailsHeld) terminal.say({ en: `Mails held: ${mailsHeld}.`, es: `Correos retenidos: ${mailsHeld}.` });
		terminal.say(AFTER_RESTORE);
	}
	const passed = comparison?.passed ?? null;
	terminal.result({
		ok: passed !== false,
		...{ backup: report.backup, database: into, startedAt, kept },
		...{ compared: passed, differences: comparison?.differences ?? [], safeguards },
	});
	return passed === false ? EXIT.different : EXIT.done;
}

const SESSIONS_ENDED = {
	en: 'Sessions of the time of the backup have ended.',
	es: 'Las sesiones del momento de la copia han terminado.',
};

const SESSIONS_OPEN = {
	en: 'Sessions of the time of the backup may still be open and waiting mails may be sent: give --admin USER, or set ODOO_PG_HOST.',
	es: 'Las sesiones del momento de la copia pueden seguir abiertas y los correos en espera pueden enviarse: indique --admin USER, o ODOO_PG_HOST.',
};

/** Said before anything is looked for or typed. @throws HubError `CONFIG_INVALID` */
function requireOneBackup(invocation: Invocation): void {
	const given = [...invocation.positionals, textOption(invocation, 'file')].filter((one) => one !== undefined);
	if (given.length === 1 && given[0] !== '') return;
	throw usageError(
		'Say which backup: its name, “newest”, or --file FILE; one of them.',
		'Indique qué copia: su nombre, «newest» o --file FILE; solo una de las tres.',
	);
}

async function localBackup(invocation: Invocation, directory: string, verifying: string[]): Promise<LocalBackup> {
	const { positionals, environment, terminal, signal } = invocation;
	const given = textOption(invocation, 'file');
	if (given !== undefined) return { file: given, signed: parseSigned(readText(recordFileName(given))) };
	const [backup = ''] = positionals;
	const database = textOption(invocation, 'database');
	const { file, record } = await bringBack({
		open: async () => {
			const { client, folder } = await environment.drive(signal);
			return { client, folderId: folder.id };
		},
		...{ verifying, directory, signal, accepted: (uuid) => acceptedNames(environment, uuid) },
		wanted: { ...(backup === 'newest' ? {} : { backup }), ...(database ? { database } : {}) },
		onProgress: ({ bytes, total }) => terminal.progress({ en: 'Download', es: 'Descarga' }, bytes, total),
	});
	return { file, signed: parseSigned(readText(record)) };
}

/** The store may be lost with the server: then nothing was accepted, and an incomplete backup is restored by its name. */
async function acceptedNames(environment: Environment, databaseUuid: string): Promise<Set<string>> {
	try {
		return await (await BackupEvidence.open(await environment.store())).accepted(databaseUuid);
	} catch (thrown) {
		if (toHubError(thrown).code === 'STORE_UNAVAILABLE') return new Set();
		throw thrown;
	}
}
