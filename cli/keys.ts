/** `clinic-hub keys`: making, proving and changing the keys of backups. */

import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { decryptAge } from '../lib/backup/age-decrypt.ts';
import { recipientOf } from '../lib/backup/age-keys.ts';
import { readCatalogue } from '../lib/backup/catalogue.ts';
import { BackupEvidence } from '../lib/backup/evidence.ts';
import { checkProof, codeIn, proofFile } from '../lib/backup/key-proof.ts';
import { createKeys, keyLines, type NewKeys, readKeys, refuseDemo, rotateKeys } from '../lib/backup/keys.ts';
import { recoveryKeyFile, recoveryKit } from '../lib/backup/recovery-kit.ts';
import { fileBytes } from '../lib/backup/verify-file.ts';
import { downloadStream } from '../lib/drive/download.ts';
import { type Command, CommandError, type CommandOption, type Invocation, textOption, usageError } from './command.ts';
import { isOn, readIdentity } from './environment.ts';
import { EXIT } from './exit.ts';
import { bytesText } from './terminal.ts';

const OUT: CommandOption = {
	type: 'string',
	value: 'DIRECTORY',
	help: {
		en: 'Where the files are written; none is overwritten. Needed.',
		es: 'Dónde se escriben los archivos; ninguno se sobrescribe. Necesario.',
	},
};

/** Names of the files that `create` and `rotate` write. */
export const KEY_FILES = {
	hub: 'hub-keys.env',
	recovery: 'recovery-key.txt',
	test: 'recovery-test.age',
	kitEn: 'recovery-kit.en.html',
	kitEs: 'recovery-kit.es.html',
} as const;

/** Enough of a backup to know that the key opens it: its header and some of what follows, in bytes. */
const PROOF_BYTES = 65_536;

export const keysCreate: Command = {
	name: 'keys create',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'Make the keys of backups and the recovery kit to print.',
		es: 'Crear las claves de las copias y el kit de recuperación para imprimir.',
	},
	options: {
		out: OUT,
		demo: {
			type: 'boolean',
			help: {
				en: 'With the published recovery key, for a laboratory; refused where data is real.',
				es: 'Con la clave de recuperación publicada, para un laboratorio; se rechaza con datos reales.',
			},
		},
	},
	run: async (invocation) => write(invocation, await createKeys({ demo: invocation.values['demo'] === true })),
};

export const keysRotate: Command = {
	name: 'keys rotate',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'Make new keys; old backups stay readable with the old kit, and are still believed.',
		es: 'Crear claves nuevas; las copias antiguas se leen con el kit antiguo y se siguen creyendo.',
	},
	options: { out: OUT },
	run: async (invocation) => write(invocation, await rotateKeys(await readKeys(invocation.environment.variables))),
};

export const keysCheck: Command = {
	name: 'keys check',
	operands: '[FILE]',
	takes: { min: 0, max: 1 },
	help: {
		en: 'Prove the recovery key by opening the newest backup in Drive, or FILE: a backup or the test file.',
		es: 'Probar la clave de recuperación abriendo la copia más reciente de Drive, o FILE: una copia o el archivo de prueba.',
	},
	options: {
		identity: {
			type: 'string',
			value: 'FILE',
			help: {
				en: 'File with the recovery key; - asks for it, as does leaving it out.',
				es: 'Archivo con la clave de recuperación; - la pide, igual que si se omite.',
			},
		},
	},
	run: check,
};

async function write(invocation: Invocation, { keys, recoveryIdentity }: NewKeys) {
	const { terminal, environment } = invocation;
	const directory = textOption(invocation, 'out');
	if (!directory) {
		throw usageError(
			'Say where to write the files: --out DIRECTORY.',
			'Indique dónde escribir los archivos: --out DIRECTORY.',
		);
	}
	const made = new Date();
	const [clientId, clientSecret] = [
		environment.variables['DRIVE_CLIENT_ID'],
		environment.variables['DRIVE_CLIENT_SECRET'],
	];
	const folder = environment.variables['DRIVE_FOLDER'];
	const kit = {
		recoveryIdentity,
		verifying: keys.verifying,
		made,
		...(clientId && clientSecret ? { oauth: { clientId, clientSecret } } : {}),
		...(folder ? { folder } : {}),
	};
	const [recipient = ''] = keys.recovery;
	const contents: [name: string, content: string | Buffer][] = [
		[KEY_FILES.hub, keyLines(keys)],
		[KEY_FILES.recovery, await recoveryKeyFile(recoveryIdentity, made)],
		[KEY_FILES.test, await proofFile({ recipient, signing: keys.signing, now: made.getTime() })],
		[KEY_FILES.kitEn, await recoveryKit({ ...kit, language: 'en' })],
		[KEY_FILES.kitEs, await recoveryKit({ ...kit, language: 'es' })],
	];
	await mkdir(directory, { recursive: true, mode: 0o700 }).catch((cause) => {
		throw unwritable(directory, cause);
	});
	const files = contents.map(([name]) => path.join(directory, name));
	for (const [name, content] of contents) await writeNew(path.join(directory, name), content);
	terminal.say({
		en: `Written to ${directory}. Now:
1. Print ${KEY_FILES.kitEn} or ${KEY_FILES.kitEs} twice, or put it with ${KEY_FILES.recovery} on two memory sticks.
2. Give the hub the variables in ${KEY_FILES.hub}.
3. Prove the key from paper: clinic-hub keys check ${path.join(directory, KEY_FILES.test)} --identity -
4. Delete ${KEY_FILES.recovery} and both kits from this machine: whoever has them reads every backup.
Until 3 is done the hub makes no backup.`,
		es: `Escrito en ${directory}. Ahora:
1. Imprima ${KEY_FILES.kitEs} o ${KEY_FILES.kitEn} dos veces, o póngalo con ${KEY_FILES.recovery} en dos memorias USB.
2. Dé al hub las variables de ${KEY_FILES.hub}.
3. Pruebe la clave desde el papel: clinic-hub keys check ${path.join(directory, KEY_FILES.test)} --identity -
4. Borre ${KEY_FILES.recovery} y ambos kits de este equipo: quien los tenga lee todas las copias.
Hasta hacer el 3, el hub no hace ninguna copia.`,
	});
	terminal.result({ ok: true, files, recipient, verifying: keys.verifying[0] });
	return EXIT.done;
}

/** Keys that exist are worth more than those that were just made. */
async function writeNew(file: string, content: string | Buffer): Promise<void> {
	try {
		await writeFile(file, content, { mode: 0o600, flag: 'wx', flush: true });
	} catch (cause) {
		throw unwritable(file, cause);
	}
}

function unwritable(place: string, cause: unknown): CommandError {
	const { code: why = 'no code' } = cause as NodeJS.ErrnoException;
	const exists = why === 'EEXIST';
	return usageError(
		`${place} ${exists ? 'exists already' : `cannot be written (${why})`}: name another directory. Nothing that was there was changed.`,
		`${place} ${exists ? 'ya existe' : `no se puede escribir (${why})`}: indique otro directorio. No se cambió nada de lo que había.`,
		{ cause },
	);
}

async function check(invocation: Invocation) {
	const { terminal, environment, positionals } = invocation;
	const keys = await readKeys(environment.variables);
	refuseDemo(keys, isOn(environment.variables['HUB_DEMO_KEYS']));
	const identity = await readIdentity(textOption(invocation, 'identity') ?? '-', terminal);
	const recipient = await recipientOf(identity);
	if (!keys.recovery.includes(recipient)) {
		throw new CommandError('KEY_INVALID', {
			en: `This key belongs to ${recipient}, which is no recovery key of the hub (HUB_BACKUP_RECOVERY_KEYS). It may be from an older kit.`,
			es: `Esta clave es la de ${recipient}, que no es ninguna clave de recuperación del hub (HUB_BACKUP_RECOVERY_KEYS). Puede ser de un kit anterior.`,
		});
	}
	const [file] = positionals;
	const opened = file
		? { name: path.basename(file), backup: null, start: await opening(fileBytes(file), identity) }
		: await openNewest(invocation, identity, keys.verifying);
	const code = codeIn(opened.start.toString('utf8'));
	if (file && code) checkProof(code, { recipient, signing: keys.signing, now: Date.now() });
	const evidence = await BackupEvidence.open(await environment.store());
	await evidence.recordKeyCheck({ recipient, checkedAt: Date.now(), backup: opened.backup });
	terminal.say({
		en: `The recovery key opens ${opened.name}. The hub has noted it.`,
		es: `La clave de recuperación abre ${opened.name}. El hub lo ha anotado.`,
	});
	terminal.result({ ok: true, recipient, file: opened.name, backup: opened.backup });
	return EXIT.done;
}

async function openNewest({ environment, signal, terminal }: Invocation, identity: string, verifying: string[]) {
	const { client, folder } = await environment.drive(signal);
	const { databases } = await readCatalogue(client, { folderId: folder.id, verifying, signal });
	const newest = [...databases.values()]
		.flat()
		.filter(({ signed }) => signed?.encryption === 'age')
		.toSorted((a, b) => b.createdAt - a.createdAt)[0];
	if (!newest?.signed) {
		throw new CommandError('NOT_FOUND', {
			en: 'No signed, encrypted backup lies in the folder yet. Prove the key with the test file that "clinic-hub keys create" wrote.',
			es: 'Aún no hay en la carpeta ninguna copia firmada y cifrada. Pruebe la clave con el archivo de prueba que escribió «clinic-hub keys create».',
		});
	}
	const { file, signed } = newest;
	terminal.say(`${file.name} (${bytesText(file.size, terminal.language)})`);
	const start = await opening(downloadStream(client, { ...file }, { signal }), identity);
	return { name: file.name, backup: signed.id, start };
}

/** The beginning of what is inside, authenticated; the rest is not fetched. */
async function opening(source: AsyncIterable<Buffer>, identity: string): Promise<Buffer> {
	const parts: Buffer[] = [];
	let bytes = 0;
	for await (const part of decryptAge(source, [identity])) {
		parts.push(part);
		bytes += part.length;
		if (bytes >= PROOF_BYTES) break;
	}
	return Buffer.concat(parts);
}
