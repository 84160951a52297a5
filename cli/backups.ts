/** `clinic-hub backups`: what lies in the Drive folder, and what of it would bring the clinic back. */

import { type Catalogue, readCatalogue } from '../lib/backup/catalogue.ts';
import { BackupEvidence } from '../lib/backup/evidence.ts';
import type { Standing, StandingCode } from '../lib/backup/standing.ts';
import { type Command, type Invocation, textOption } from './command.ts';
import { EXIT } from './exit.ts';
import { bytesText, type Text } from './terminal.ts';
import { VERIFYING_OPTION, verifyingKeys } from './verify.ts';

const STANDING_WORDS: Record<StandingCode, Text> = {
	counts: { en: 'counts', es: 'vale' },
	databaseOnly: { en: 'database only', es: 'solo base de datos' },
	incomplete: { en: 'INCOMPLETE', es: 'INCOMPLETA' },
	foreign: { en: 'not the hub’s', es: 'ajena al hub' },
	otherDatabase: { en: 'of another database', es: 'de otra base' },
	record: { en: 'record', es: 'acta' },
	trashed: { en: 'in the trash', es: 'en la papelera' },
	unverified: { en: 'upload not confirmed', es: 'subida sin confirmar' },
	rejected: { en: 'REJECTED', es: 'RECHAZADA' },
	unsigned: { en: 'NOT SIGNED', es: 'SIN FIRMA' },
	altered: { en: 'ALTERED', es: 'ALTERADA' },
	redated: { en: 'DATED WRONG', es: 'FECHA FALSA' },
	duplicate: { en: 'second copy', es: 'segunda copia' },
};

export const backups: Command = {
	name: 'backups',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'List what lies in the Drive folder, and what of it counts.',
		es: 'Listar lo que hay en la carpeta de Drive y qué vale.',
	},
	options: {
		database: {
			type: 'string',
			value: 'NAME',
			help: { en: 'Only of this database.', es: 'Solo de esta base de datos.' },
		},
		'verifying-key': VERIFYING_OPTION,
	},
	async run(invocation) {
		const { terminal } = invocation;
		const { databases } = await catalogueOf(invocation);
		const wanted = textOption(invocation, 'database');
		const rows = [...databases.values()]
			.flat()
			.filter(({ code, file, signed }) => {
				if (code === 'record') return false;
				return wanted === undefined || (signed?.database ?? file.name.replace(/_[^_]*$/, '')) === wanted;
			})
			.toSorted((a, b) => b.createdAt - a.createdAt);
		for (const row of rows) terminal.say(lineOf(row, invocation));
		const counting = rows.filter(({ code }) => code === 'counts');
		if (rows.length === 0)
			terminal.say({ en: 'No backup lies in the folder.', es: 'No hay ninguna copia en la carpeta.' });
		else if (counting.length === 0) terminal.say({ en: 'NONE OF THEM COUNTS.', es: 'NINGUNA DE ELLAS VALE.' });
		terminal.result({
			ok: counting.length > 0,
			counting: counting.length,
			backups: rows.map(({ file, code, signed, missing }) => ({
				file: file.id,
				name: file.name,
				standing: code,
				createdTime: file.createdTime,
				size: file.size,
				backup: signed?.id ?? null,
				database: signed?.database ?? null,
				startedAt: signed?.startedAt ?? null,
				keep: file.appProperties['keep'] ? file.description : null,
				missing: missing ?? [],
			})),
		});
		return counting.length > 0 ? EXIT.done : EXIT.different;
	},
};

/** The folder as this command's account sees it. */
async function catalogueOf(invocation: Invocation): Promise<Catalogue> {
	const { environment, signal } = invocation;
	const verifying = verifyingKeys(invocation);
	const { client, folder } = await environment.drive(signal);
	const evidence = await BackupEvidence.open(await environment.store());
	return readCatalogue(client, { folderId: folder.id, verifying, signal, accepted: (uuid) => evidence.accepted(uuid) });
}

function lineOf({ file, code, missing }: Standing, { terminal }: Invocation): string {
	const standing = terminal.text(STANDING_WORDS[code]) + (missing ? ` (${missing.length})` : '');
	const size = bytesText(file.size, terminal.language).padStart(10);
	const note = file.appProperties['keep'] ? `  «${file.description}»` : '';
	return `${file.createdTime.slice(0, 16).replace('T', ' ')}  ${size}  ${standing.padEnd(20)}  ${file.name}${note}`;
}
