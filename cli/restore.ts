/** `clinic-hub restore`: from the folder, or from a file, into a database of Odoo. */

import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCatalogue } from '../lib/backup/catalogue.ts';
import { ALLOWANCES, compareRestored, LIVE_ALLOWANCES } from '../lib/backup/drill.ts';
import { type BackupRecord, recordFileName } from '../lib/backup/record.ts';
import { parseSigned } from '../lib/backup/signature.ts';
import type { Standing } from '../lib/backup/standing.ts';
import { plainBackup, verifyBackup } from '../lib/backup/verify-file.ts';
import { downloadFile } from '../lib/drive/download.ts';
import { HubError } from '../lib/errors.ts';
import { AFTER_RESTORE } from '../lib/odoo/neutralize.ts';
import { requireConfirmation } from '../lib/odoo/scratch.ts';
import { type Command, type Invocation, textOption } from './command.ts';
import { readText } from './environment.ts';
import { EXIT } from './exit.ts';
import { type RestoreOutcome, restoreTarget } from './restore-target.ts';
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
				en: 'Past the database manager, by ODOO_PG_… and ODOO_FILESTORE: also where it is switched off. What is replaced is kept under another name.',
				es: 'Sin el gestor de bases de datos, por ODOO_PG_… y ODOO_FILESTORE: también si está desactivado. Lo sustituido se conserva con otro nombre.',
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
	if (!into) throw new HubError('CONFIG_INVALID', 'Say which database to make: --into DATABASE.');
	const target = restoreTarget(invocation);
	const verifying = verifyingKeys(invocation);
	const keys = await identities(invocation);
	const exists = await target.exists(into);
	const directory = await mkdtemp(path.join(textOption(invocation, 'directory') ?? tmpdir(), 'clinic-hub-restore-'));
	try {
		const local = await localBackup(invocation, directory, verifying);
		// Everything is proven before anything of Odoo is touched, and before a person is asked.
		const { record } = await verifyBackup({
			...local,
			verifying,
			identities: keys,
			signal,
			onProgress: (phase, bytes, total) => terminal.progress(PHASE_WORDS[phase], bytes, total),
		});
		if (record.encryption === 'age' && keys.length === 0) {
			throw new HubError('KEY_INVALID', 'The backup is encrypted: give --identity with the recovery key.');
		}
		if (exists) requireConfirmation(into, exists, (await terminal.ask(askName(into))).trim());
		const neutralize = values['neutralize'] === true;
		const outcome = await target.restore({
			...{ into, record, neutralize, signal },
			plain: counted(invocation, record, local, keys),
			copy: values['copy'] === true,
		});
		return report(invocation, into, record, outcome, neutralize);
	} finally {
		await rm(directory, { recursive: true, force: true });
	}
}

const askName = (into: string): Text => ({
	en: `The database "${into}" exists and would be REPLACED. Type its name to go on:`,
	es: `La base «${into}» existe y se SUSTITUIRÍA. Escriba su nombre para continuar:`,
});

/** What was done, what could not be, and what a person has to do now. */
function report(
	{ terminal }: Invocation,
	into: string,
	record: BackupRecord,
	{ content, safeguards, kept }: RestoreOutcome,
	neutralize: boolean,
) {
	const compared = content && compareRestored(record, content, neutralize ? ALLOWANCES : LIVE_ALLOWANCES);
	terminal.say({
		en: `Restored: "${record.database}" of ${record.startedAt} is now "${into}".`,
		es: `Restaurada: «${record.database}» de ${record.startedAt} es ahora «${into}».`,
	});
	if (kept) {
		terminal.say({ en: `What was there is kept as "${kept}".`, es: `Lo que había se conserva como «${kept}».` });
	}
	if (compared) {
		const { tables, same, differences, attachments } = compared;
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
	if (!neutralize) {
		terminal.say(safeguards?.sessionsEnded ? SESSIONS_ENDED : SESSIONS_OPEN);
		const { mailsHeld } = safeguards ?? {};
		if (mailsHeld) terminal.say({ en: `Mails held: ${mailsHeld}.`, es: `Correos retenidos: ${mailsHeld}.` });
		terminal.say(AFTER_RESTORE);
	}
	const passed = compared?.passed ?? null;
	terminal.result({
		ok: passed !== false,
		...{ backup: record.id, database: into, startedAt: record.startedAt, kept: kept ?? null },
		...{ compared: passed, differences: compared?.differences ?? [], safeguards: safeguards ?? null },
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

async function localBackup(invocation: Invocation, directory: string, verifying: string[]): Promise<LocalBackup> {
	const { positionals, environment, terminal, signal } = invocation;
	const given = textOption(invocation, 'file');
	if (given !== undefined) return { file: given, signed: parseSigned(readText(recordFileName(given))) };
	const { client, folder } = await environment.drive(signal);
	const { databases, files } = await readCatalogue(client, { folderId: folder.id, verifying, signal });
	const chosen = choose([...databases.values()].flat(), positionals[0]);
	const record = files.find(({ id }) => id === chosen.record?.id);
	if (!record)
		throw new HubError('BACKUP_UNTRUSTED', `No record that could be believed lies beside ${chosen.file.name}.`);
	const file = path.join(directory, chosen.file.name);
	await downloadFile(client, record, recordFileName(file), { signal });
	await downloadFile(client, chosen.file, file, {
		signal,
		onProgress: ({ bytes, total }) => terminal.progress({ en: 'Download', es: 'Descarga' }, bytes, total),
	});
	return { file, signed: parseSigned(readText(recordFileName(file))) };
}

function choose(all: readonly Standing[], wanted: string | undefined): Standing {
	if (wanted === undefined)
		throw new HubError('CONFIG_INVALID', 'Say which backup: its name, "newest", or --file FILE.');
	const backups = all.filter(({ code }) => code !== 'record').toSorted((a, b) => b.createdAt - a.createdAt);
	const found =
		wanted === 'newest'
			? backups.find(({ code }) => code === 'counts')
			: backups.find(({ file, signed }) => [file.name, file.id, signed?.id].includes(wanted));
	if (!found)
		throw new HubError('NOT_FOUND', `No such backup lies in the folder: ${wanted}. "clinic-hub backups" lists them.`);
	if (found.signed && found.code !== 'rejected' && found.code !== 'duplicate') return found;
	throw new HubError(
		'BACKUP_UNTRUSTED',
		`${found.file.name} is not to be trusted: ${found.code}. Nothing of it was opened.`,
	);
}

async function* counted(
	{ terminal }: Invocation,
	record: BackupRecord,
	local: LocalBackup,
	keys: readonly string[],
): AsyncGenerator<Buffer> {
	let bytes = 0;
	for await (const chunk of plainBackup(record, createReadStream(local.file), keys)) {
		bytes += chunk.length;
		terminal.progress({ en: 'Restore', es: 'Restauración' }, bytes, record.plainSize);
		yield chunk;
	}
}
