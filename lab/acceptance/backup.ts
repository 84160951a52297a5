/** The backup test: by hand and by schedule into the folder in Google Drive, and from there back into Odoo, counted. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compareRestored, type DrillComparison } from '../../lib/backup/drill.ts';
import { HubError } from '../../lib/errors.ts';
import type { Content } from '../../lib/odoo/content.ts';
import type { Language } from '../language.ts';
import type { Text } from '../system.ts';
import { ageVersion, decryptedByAge } from './age.ts';
import { Arrivals } from './arrival.ts';
import { BackupFlow } from './backup-flow.ts';
import { between } from './between.ts';
import { OdooDatabases } from './database.ts';
import { DriveFolder, type StoredBackup } from './folder.ts';
import { HubSession } from './hub.ts';
import type { Steps } from './steps.ts';
import type { BackupTarget } from './target.ts';

/** From now to the time that the schedule is given, in seconds: more than a deploy takes. */
const NEAR_S = 4;

/** Names of tables that differ and are told of. */
const SHOWN = 5;

export interface BackupScenario {
	target: BackupTarget;
	steps: Steps;
	language: Language;
	signal: AbortSignal;
}

interface Parts {
	steps: Steps;
	signal: AbortSignal;
	target: BackupTarget;
	flow: BackupFlow;
	odoo: OdooDatabases;
	folder: DriveFolder;
	arrivals: Arrivals;
}

/** Runs every step; throws what the failing one threw. Schedule and databases are as before afterwards, whatever happens. */
export async function acceptBackup({ target, steps, language, signal }: BackupScenario): Promise<void> {
	const odoo = new OdooDatabases(target.odoo, signal);
	const hub = new HubSession(target.hub);
	const { flow, folder } = await steps.step(
		{
			en: 'The flow in the hub, Odoo and the folder in Google Drive answer',
			es: 'El flujo del hub, Odoo y la carpeta de Google Drive responden',
		},
		async () => {
			await odoo.requireSource();
			return { flow: await BackupFlow.find(hub), folder: await DriveFolder.open(target, signal) };
		},
		({ flow: { label }, folder: { name } }) => ({ en: `“${label}”, “${name}”`, es: `«${label}», «${name}»` }),
	);
	const { database } = target.odoo;
	const arrivals = new Arrivals(flow, folder, { database, lab: target.lab, language, signal });
	const parts: Parts = { steps, signal, target, flow, odoo, folder, arrivals };
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-accept-'));
	try {
		const before = await countSource(parts);
		await byHand(parts);
		const backup = await bySchedule(parts);
		const after = await odoo.count();
		const file = await downloaded(parts, backup, directory);
		await opened(parts, backup, file);
		await restoredAndCounted(parts, backup, { file, before, after });
	} finally {
		await rm(directory, { recursive: true, force: true });
		await folder.close();
	}
}

function countSource({ steps, odoo }: Parts): Promise<Content> {
	return steps.step(
		{ en: 'What Odoo holds is counted', es: 'Se cuenta lo que contiene Odoo' },
		() => odoo.count(),
		contentText,
	);
}

async function byHand({ steps, flow, arrivals }: Parts): Promise<void> {
	const before = await arrivals.before();
	await steps.step({ en: '“Back up now” is pressed', es: 'Se pulsa «Copiar ahora»' }, () => flow.press());
	await steps.step(
		{
			en: 'The backup lies in the folder, as Drive’s API says: verified and signed',
			es: 'La copia está en la carpeta, según la API de Drive: verificada y firmada',
		},
		() => arrivals.next(before),
		fileText,
	);
}

/** The schedule of the night, moved near; a person would do the same in the editor. */
async function bySchedule({ steps, flow, arrivals }: Parts): Promise<StoredBackup> {
	const before = await arrivals.before();
	// Seconds go first, which the editor does not offer: no hour needs to be told, so no time zone either.
	const second = (new Date().getSeconds() + NEAR_S) % 60;
	try {
		await steps.step(
			{
				en: 'The schedule is moved near, and a backup begins by itself',
				es: 'Se acerca el horario y una copia empieza sola',
			},
			async () => {
				await flow.reschedule(`${second} * * * * *`);
				await arrivals.begun(before);
			},
			() => `${flow.crontab} → ${second} * * * * *`,
		);
	} finally {
		// Without the wait for the file: the next minute would begin another one.
		await steps.step({ en: 'The schedule is as it was', es: 'El horario queda como estaba' }, () =>
			flow.reschedule(flow.crontab),
		);
	}
	return steps.step(
		{ en: 'It lies in the folder beside the other', es: 'Está en la carpeta junto a la otra' },
		() => arrivals.next(before),
		fileText,
	);
}

function downloaded({ steps, folder, signal }: Parts, backup: StoredBackup, directory: string): Promise<string> {
	const file = path.join(directory, backup.file.name);
	return steps.step(
		{ en: 'It is downloaded, and is what Drive’s checksum says', es: 'Se descarga y es lo que dice la suma de Drive' },
		async () => {
			await folder.download(backup, file, signal);
			return file;
		},
		() => `SHA-256 ${backup.file.sha256.slice(0, 12)}…`,
	);
}

async function opened({ steps, target, signal }: Parts, { record }: StoredBackup, file: string): Promise<void> {
	await steps.step(
		{
			en: 'The stock program age opens it with the recovery key: inside is what Odoo gave',
			es: 'El programa age estándar la abre con la clave de recuperación: dentro está lo que dio Odoo',
		},
		async () => {
			if (record.encryption !== 'age')
				throw new HubError('CONFIG_INVALID', 'The flow makes backups without encryption.');
			const hash = createHash('sha256');
			for await (const piece of decryptedByAge(file, target.recoveryKey, signal)) hash.update(piece);
			if (hash.digest('hex') !== record.plainSha256) {
				throw new HubError('BACKUP_ALTERED', 'What came out has another checksum than the signed record.');
			}
			return ageVersion();
		},
		(version) => `age ${version}, ${bytesText(record.plainSize)}`,
	);
}

async function restoredAndCounted(
	{ steps, target, odoo, signal }: Parts,
	{ record }: StoredBackup,
	{ file, before, after }: { file: string; before: Content; after: Content },
): Promise<void> {
	const scratch = odoo.scratchName();
	const way: Text = odoo.byManager
		? { en: 'Odoo’s manager restores it beside the others', es: 'El gestor de Odoo la restaura junto a las demás' }
		: { en: 'It is restored beside the others, directly', es: 'Se restaura junto a las demás, directamente' };
	try {
		await steps.step(
			way,
			() => odoo.restore(scratch, decryptedByAge(file, target.recoveryKey, signal), record),
			() => scratch,
		);
		await steps.step(
			{ en: 'Rows and attachments are those of the source', es: 'Filas y adjuntos son los del origen' },
			async () => {
				const found = await odoo.count(scratch);
				const comparison = compareRestored(between(before, after, found), found);
				if (!comparison.passed) throw differs(comparison);
				return comparison;
			},
			comparisonText,
		);
	} finally {
		await steps.step({ en: 'The scratch database is dropped', es: 'Se borra la base de prueba' }, async () => {
			await odoo.drop(scratch);
			if (await odoo.exists(scratch)) throw new HubError('INTERNAL', `Odoo still has ${scratch}: drop it by hand`);
		});
	}
}

/** Restored databases are neutralised, which changes a few tables. */
function comparisonText({ tables, same, differences, attachments }: DrillComparison): Text {
	const { expected, found } = attachments;
	const names = differences.map(({ table }) => table).join(', ');
	return {
		en: `${same} of ${tables} tables agree to the row${names && ` (neutralised: ${names})`}; ${found} of ${expected} files`,
		es: `${same} de ${tables} tablas coinciden fila a fila${names && ` (neutralizadas: ${names})`}; ${found} de ${expected} archivos`,
	};
}

function differs({ differences, attachments }: DrillComparison): HubError {
	const wrong = differences.filter(({ allowed }) => allowed === null);
	const tables = wrong.slice(0, SHOWN).map(({ table, expected, found }) => `${table}: ${expected} → ${found}`);
	const files = attachments.agree ? [] : [`files: ${attachments.expected} → ${attachments.found}`];
	const more = wrong.length > SHOWN ? [`and ${wrong.length - SHOWN} more tables`] : [];
	return new HubError('BACKUP_ALTERED', `What was restored differs: ${[...tables, ...more, ...files].join(', ')}`);
}

function contentText({ tables, attachments }: Content): Text {
	const rows = Object.values(tables).reduce((sum, count) => sum + count, 0);
	const count = Object.keys(tables).length;
	return {
		en: `${rows} rows in ${count} tables, ${attachments.stored} files of attachments`,
		es: `${rows} filas en ${count} tablas, ${attachments.stored} archivos adjuntos`,
	};
}

function fileText({ file }: StoredBackup): string {
	return `${file.name}, ${bytesText(file.size)}`;
}

function bytesText(bytes: number): string {
	return bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
