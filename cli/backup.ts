/** `clinic-hub backup`: one now, as the hub would make it, brought to the folder. */

import { hostname } from 'node:os';
import path from 'node:path';
import { type FailedDatabase, failureOf } from '../lib/backup/failure-of.ts';
import { readKeys, recipientsOf } from '../lib/backup/keys.ts';
import type { BackupPhase } from '../lib/backup/pipeline.ts';
import type { ClaimCheck } from '../lib/backup/record.ts';
import { type BackupEvent, Backups } from '../lib/backup/run-backup.ts';
import { BackupRuns } from '../lib/backup/runs.ts';
import { sendBackup } from '../lib/backup/send.ts';
import { Spool } from '../lib/backup/spool.ts';
import { type HubError, type HubErrorCode, toHubError } from '../lib/errors.ts';
import { Health } from '../lib/health.ts';
import { silentLog } from '../lib/log.ts';
import { storeAudit } from '../lib/store/audit.ts';
import { type Command, CommandError, type Invocation, listOption, textOption, usageError } from './command.ts';
import { isOn } from './environment.ts';
import { EXIT, PartialFailure } from './exit.ts';
import { bytesText, type Terminal, type Text } from './terminal.ts';

/** As the node: Odoo packs a zip before its first byte, and then sends without pauses. */
const FIRST_BYTE_MS = 3_600_000;
const IDLE_MS = 300_000;

const PHASES: Record<BackupPhase, Text> = {
	waiting: { en: 'Odoo packs', es: 'Odoo empaqueta' },
	receiving: { en: 'Received', es: 'Recibido' },
	publishing: { en: 'Signing', es: 'Firma' },
};

export const backup: Command = {
	name: 'backup',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'Make a backup now, prove it, encrypt it and bring it to the Drive folder.',
		es: 'Hacer una copia ahora, comprobarla, cifrarla y llevarla a la carpeta de Drive.',
	},
	options: {
		database: {
			type: 'string',
			multiple: true,
			value: 'NAME',
			help: {
				en: 'Which database; several times for several. Default: every one that Odoo shows.',
				es: 'Qué base de datos; varias veces para varias. Por omisión: todas las que muestra Odoo.',
			},
		},
		format: {
			type: 'string',
			value: 'zip|dump',
			help: {
				en: 'zip (default): database and attachments. dump: database only, which counts for nothing by itself.',
				es: 'zip (por omisión): base y adjuntos. dump: solo la base, que por sí sola no vale.',
			},
		},
		keep: {
			type: 'boolean',
			help: {
				en: 'Leave it in the spool instead of bringing it to Drive.',
				es: 'Dejarla en la carpeta de espera en vez de llevarla a Drive.',
			},
		},
	},
	run,
};

async function run(invocation: Invocation) {
	const { environment, terminal, signal, values } = invocation;
	const { variables } = environment;
	const format = textOption(invocation, 'format') ?? 'zip';
	if (format !== 'zip' && format !== 'dump')
		throw usageError('--format takes zip or dump.', '--format lleva zip o dump.');
	const asked = listOption(invocation, 'database');
	const keys = await readKeys(variables);
	const drive = values['keep'] === true ? undefined : await environment.drive(signal);
	const store = await environment.store();
	const audit = storeAudit(() => environment.store());
	const owner = `${hostname()}:${process.pid}:command`;
	const spoolDirectory = environment.spoolDirectory;
	const backups = new Backups({
		plan: {
			place: {
				url: environment.require('ODOO_URL'),
				masterPassword: environment.require('ODOO_MASTER_PASSWORD'),
				databases: asked.length > 0 ? asked : null,
			},
			source: 'manager',
			format,
			encryption: { kind: 'age', recipients: await recipientsOf(keys) },
			signingKey: keys.signing,
			spool: spoolDirectory,
			bytesPerSecond: 0,
			firstByteMs: FIRST_BYTE_MS,
			idleMs: IDLE_MS,
			demoKeys: isOn(variables['HUB_DEMO_KEYS']),
		},
		store: async () => store,
		owner,
		health: new Health(),
		audit: (event) => audit.record(event),
		log: silentLog,
		onEvent: (event) => show(event, terminal),
		onChange: () => undefined,
	});
	const cancel = () => backups.cancel('command');
	signal.addEventListener('abort', cancel, { once: true });
	try {
		const results = await backups.run({ trigger: 'command', actor: 'command' });
		const claims = results.flatMap((result) => (result.outcome === 'made' ? [result.claim] : []));
		const failed = results.flatMap((result): FailedDatabase[] => {
			if (result.outcome === 'made') return [];
			return [{ database: result.database, error: result.outcome === 'failed' ? result.error : busy(result.database) }];
		});
		// What was made is brought first: that another database failed takes nothing from it.
		const { sent, unsent } = drive ? await bring(invocation, claims, drive, owner) : { sent: [], unsent: [] };
		failed.push(...unsent);
		const made = claims.map((claim) => ({
			...{ id: claim.id, database: claim.database, size: claim.size, complete: claim.complete },
			...{ missing: claim.missing, file: sent.find(({ id }) => id === claim.id)?.file ?? null },
			spooled: sent.some(({ id }) => id === claim.id) ? null : claim.file,
		}));
		if (failed.length > 0) {
			const report = failed.map(({ database, error: { code, message } }) => ({ database, code, message }));
			throw new PartialFailure(failureOf(failed, results.length), { backups: made, failed: report });
		}
		terminal.result({ ok: true, backups: made });
		return EXIT.done;
	} finally {
		signal.removeEventListener('abort', cancel);
		await backups.close();
		await audit.close();
	}
}

function busy(database: string): HubError {
	return new CommandError('LEASE_LOST', {
		en: `A backup of ${database || 'this server'} is running already. Wait for it.`,
		es: `Ya hay una copia en curso de ${database || 'este servidor'}. Espere a que termine.`,
	});
}

/** Failures of an upload that say nothing about the next one; others would be waited for again with each file. */
const ONE_FILE: ReadonlySet<HubErrorCode> = new Set(['DRIVE_MISMATCH', 'NOT_FOUND', 'SPOOL_UNAVAILABLE']);

async function bring(
	{ environment, terminal, signal }: Invocation,
	claims: readonly ClaimCheck[],
	{ client, folder }: Awaited<ReturnType<Invocation['environment']['drive']>>,
	owner: string,
) {
	const runs = await BackupRuns.open(await environment.store(), { owner });
	const spool = await Spool.open(environment.spoolDirectory);
	const { passing } = await environment.secrets();
	const sent: { id: string; file: string }[] = [];
	const unsent: FailedDatabase[] = [];
	for (const claim of claims) {
		const last = unsent.at(-1)?.error;
		const error = last && !ONE_FILE.has(last.code) ? last : await send(claim);
		if (error) unsent.push({ database: claim.database, error });
	}
	return { sent, unsent };

	async function send(claim: ClaimCheck): Promise<HubError | undefined> {
		try {
			const { file } = await sendBackup(claim, {
				...{ client, folderId: folder.id, sessions: passing, runs, spool, signal },
				onProgress: ({ acknowledged, total }) => terminal.progress({ en: 'Sent', es: 'Enviado' }, acknowledged, total),
			});
			sent.push({ id: claim.id, file: file.id });
			terminal.say({
				en: `${file.name} lies in the folder "${folder.name}", compared and verified.`,
				es: `${file.name} está en la carpeta «${folder.name}», comparada y verificada.`,
			});
			return undefined;
		} catch (thrown) {
			return toHubError(thrown);
		}
	}
}

function show(event: BackupEvent, terminal: Terminal): void {
	if (event.kind === 'progress') {
		terminal.progress(PHASES[event.progress.phase], event.progress.bytes, event.expectedBytes ?? 0);
	} else if (event.kind === 'made') {
		const { database, size, complete, missing, file } = event.claim;
		const shown = bytesText(size, terminal.language);
		terminal.say({
			en: `${database}: proven and encrypted, ${shown}, ${path.basename(file)}`,
			es: `${database}: comprobada y cifrada, ${shown}, ${path.basename(file)}`,
		});
		if (!complete) {
			terminal.say({
				en: `INCOMPLETE: ${missing.length} attachments are missing at the source. It counts only after a person accepted that.`,
				es: `INCOMPLETA: faltan ${missing.length} adjuntos en el origen. Solo vale después de que una persona lo acepte.`,
			});
		}
	}
}
