/** `clinic-hub verify`: what a file on this machine is worth, without the hub and without Drive. */

import { splitKeys } from '../lib/backup/keys.ts';
import { recordFileName } from '../lib/backup/record.ts';
import { parseSigned } from '../lib/backup/signature.ts';
import { type VerifyPhase, verifyBackup } from '../lib/backup/verify-file.ts';
import { type Command, type CommandOption, type Invocation, listOption, textOption, usageError } from './command.ts';
import { readIdentity, readText } from './environment.ts';
import { EXIT } from './exit.ts';
import { bytesText, type Text } from './terminal.ts';

export const PHASE_WORDS: Record<VerifyPhase, Text> = {
	checksum: { en: 'Checksum', es: 'Suma' },
	content: { en: 'Content', es: 'Contenido' },
};

export const VERIFYING_OPTION: CommandOption = {
	type: 'string',
	multiple: true,
	value: 'KEY',
	help: {
		en: 'Public key whose records are believed, from the recovery kit; several times for several. Default: HUB_BACKUP_VERIFYING_KEYS.',
		es: 'Clave pública cuyas actas se creen, del kit de recuperación; varias veces para varias. Por omisión: HUB_BACKUP_VERIFYING_KEYS.',
	},
};

export const IDENTITY_OPTION: CommandOption = {
	type: 'string',
	multiple: true,
	value: 'FILE',
	help: {
		en: 'File with the recovery key; - asks for it.',
		es: 'Archivo con la clave de recuperación; - la pide.',
	},
};

/** @throws HubError `CONFIG_INVALID` when none is given */
export function verifyingKeys(invocation: Invocation): string[] {
	const given = listOption(invocation, 'verifying-key');
	const { variables } = invocation.environment;
	const known = splitKeys(variables['HUB_BACKUP_VERIFYING_KEYS']);
	const keys = given.length > 0 ? given : known;
	if (keys.length > 0) return keys;
	throw usageError(
		'A verifying key is needed (clinic-hub-verify-…): give --verifying-key from the recovery kit, or set HUB_BACKUP_VERIFYING_KEYS.',
		'Hace falta una clave de verificación (clinic-hub-verify-…): indique --verifying-key con la del kit de recuperación, o HUB_BACKUP_VERIFYING_KEYS.',
	);
}

export async function identities(invocation: Invocation): Promise<string[]> {
	const keys: string[] = [];
	for (const source of listOption(invocation, 'identity')) keys.push(await readIdentity(source, invocation.terminal));
	return keys;
}

export const verify: Command = {
	name: 'verify',
	operands: 'FILE',
	takes: { min: 1, max: 1 },
	help: {
		en: 'Check a downloaded backup: checksum and signature, and with a key everything inside.',
		es: 'Comprobar una copia descargada: suma y firma, y con una clave todo su contenido.',
	},
	options: {
		record: {
			type: 'string',
			value: 'FILE',
			help: { en: 'Its signed record. Default: FILE.json', es: 'Su acta firmada. Por omisión: FILE.json' },
		},
		'verifying-key': VERIFYING_OPTION,
		identity: IDENTITY_OPTION,
	},
	async run(invocation) {
		const { terminal, positionals, signal } = invocation;
		const [file = ''] = positionals;
		const keys = verifyingKeys(invocation);
		const signed = parseSigned(readText(textOption(invocation, 'record') ?? recordFileName(file)));
		const { record, content } = await verifyBackup({
			file,
			signed,
			verifying: keys,
			identities: await identities(invocation),
			signal,
			onProgress: (phase, bytes, total) => terminal.progress(PHASE_WORDS[phase], bytes, total),
		});
		const { missing, late } = record.attachments;
		const rows = Object.values(record.tables).reduce((sum, count) => sum + count, 0);
		const tables = Object.keys(record.tables).length;
		const size = bytesText(record.size, terminal.language);
		terminal.say({
			en: `Signed by the hub: "${record.database}", ${record.startedAt}, ${size}, ${tables} tables with ${rows} rows, ${record.attachments.stored} attachments.`,
			es: `Firmada por el hub: «${record.database}», ${record.startedAt}, ${size}, ${tables} tablas con ${rows} filas, ${record.attachments.stored} adjuntos.`,
		});
		terminal.say(
			content
				? { en: 'Opened and read to its end: all agrees.', es: 'Abierta y leída hasta el final: todo coincide.' }
				: {
						en: 'Not opened: give --identity to look inside.',
						es: 'Sin abrir: indique --identity para mirar dentro.',
					},
		);
		if (record.format === 'dump') {
			terminal.say({ en: 'Database only: no attachments.', es: 'Solo la base de datos: sin adjuntos.' });
		}
		if (missing.length > 0) {
			terminal.say({
				en: `${missing.length} attachments were missing at the source already: ${missing.slice(0, 10).join(', ')}`,
				es: `${missing.length} adjuntos faltaban ya en el origen: ${missing.slice(0, 10).join(', ')}`,
			});
		}
		terminal.result({
			ok: true,
			id: record.id,
			database: record.database,
			databaseUuid: record.databaseUuid,
			format: record.format,
			startedAt: record.startedAt,
			size: record.size,
			sha256: record.sha256,
			opened: content !== null,
			tables,
			rows,
			attachments: record.attachments.stored,
			missing,
			late,
		});
		return EXIT.done;
	},
};
