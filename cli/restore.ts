/** `clinic-hub restore`: from the folder, or from a file, into a database of Odoo. */

import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { readCatalogue } from '../lib/backup/catalogue.ts';
import { type BackupRecord, recordFileName } from '../lib/backup/record.ts';
import { parseSigned } from '../lib/backup/signature.ts';
import type { Standing } from '../lib/backup/standing.ts';
import { plainBackup, verifyBackup } from '../lib/backup/verify-file.ts';
import { downloadFile } from '../lib/drive/download.ts';
import { HubError } from '../lib/errors.ts';
import { dropByManager, type ManagerAddress, managerPage, restoreByManager } from '../lib/odoo/manager.ts';
import { type Command, type Invocation, textOption } from './command.ts';
import { readText } from './environment.ts';
import { EXIT } from './exit.ts';
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
		neutralize: {
			type: 'boolean',
			help: { en: 'No mail, no jobs: for a test.', es: 'Sin correo ni tareas: para una prueba.' },
		},
	},
	run,
};

async function run(invocation: Invocation) {
	const { terminal, environment, signal, values } = invocation;
	const into = textOption(invocation, 'into');
	if (!into) throw new HubError('CONFIG_INVALID', 'Say which database to make: --into DATABASE.');
	const odoo = { url: environment.require('ODOO_URL'), masterPassword: environment.require('ODOO_MASTER_PASSWORD') };
	const verifying = verifyingKeys(invocation);
	const keys = await identities(invocation);
	const page = await managerPage(odoo.url, signal);
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
		if (page.databases.includes(into)) await replace(invocation, odoo, into);
		await send(invocation, odoo, { into, record, local, keys });
		const { copy, neutralize } = values;
		terminal.say({
			en: `Restored: "${record.database}" of ${record.startedAt} is now "${into}".`,
			es: `Restaurada: «${record.database}» de ${record.startedAt} es ahora «${into}».`,
		});
		if (!neutralize) terminal.say(BEFORE_OPENING);
		terminal.result({ ok: true, backup: record.id, database: into, startedAt: record.startedAt, copy: copy === true });
		return EXIT.done;
	} finally {
		await rm(directory, { recursive: true, force: true });
	}
}

const BEFORE_OPENING = {
	en: 'Before anybody else signs in: a full identity run, for people who left since are in it; then release held mails (docs/restore.md, 4).',
	es: 'Antes de que entre nadie más: una sincronización completa de identidades, pues quien se fue después está en ella; luego libere los correos retenidos (docs/restore.es.md, 4).',
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

async function replace({ terminal, signal }: Invocation, odoo: ManagerAddress, into: string): Promise<void> {
	const typed = await terminal.ask({
		en: `The database "${into}" exists and would be REPLACED. Type its name to go on:`,
		es: `La base «${into}» existe y se SUSTITUIRÍA. Escriba su nombre para continuar:`,
	});
	if (typed.trim() !== into) throw new HubError('CANCELLED', 'The name was not typed: nothing was changed.');
	await dropByManager(odoo, into, signal);
}

async function send(
	{ terminal, values, signal }: Invocation,
	odoo: ManagerAddress,
	{ into, record, local, keys }: { into: string; record: BackupRecord; local: LocalBackup; keys: string[] },
): Promise<void> {
	let bytes = 0;
	async function* counted(): AsyncGenerator<Buffer> {
		for await (const chunk of plainBackup(record, createReadStream(local.file), keys)) {
			bytes += chunk.length;
			terminal.progress({ en: 'Restore', es: 'Restauración' }, bytes, record.plainSize);
			yield chunk;
		}
	}
	await restoreByManager(odoo, {
		database: into,
		file: counted(),
		size: record.plainSize,
		copy: values['copy'] === true,
		neutralize: values['neutralize'] === true,
		signal,
	});
}
