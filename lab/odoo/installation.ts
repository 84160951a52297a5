/** Makes the clinic's database once and keeps its addons as new as the checkout. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { HubError } from '../../lib/errors.ts';
import { tailOf } from '../children.ts';
import type { LabContext, Text } from '../system.ts';
import { postgresqlUrl } from '../systems/postgresql.ts';
import { DATABASE, ensureRole, isInstalled, recreate } from './database.ts';
import { lastChange, odooCommand, type Place } from './place.ts';

/** The last one's state in the database tells that all are there. */
const MODULES = ['purchase', 'clinic_purchase_mail', 'clinic_demo'];

/** Installing took 80 s on two cores alone, and may take several times that beside other work; in ms. */
const INSTALL_TIMEOUT_MS = 15 * 60_000;

/** Every so many modules a line is said: about one in two seconds. */
const PROGRESS_STEP = 5;

const WORDS = {
	making: {
		en: 'making the database of the clinic; the first time this takes a minute or two',
		es: 'creando la base de datos de la clínica; la primera vez tarda uno o dos minutos',
	},
	updating: { en: 'updating the addons', es: 'actualizando los módulos' },
} satisfies Record<string, Text>;

/** Leaves a database with the addons as they are in the checkout; throws `INTERNAL` with the end of Odoo's log. */
export async function ensureInstalled(context: LabContext, place: Place, modules: readonly string[]): Promise<void> {
	const admin = postgresqlUrl(context);
	await ensureRole(admin, context.secret('odoo.database'));
	const stamp = path.join(place.directory, 'installed');
	const wanted = `${[...MODULES, ...modules].join(',')} ${await lastChange(place)}`;
	const found = await readFile(stamp, 'utf8').catch(() => '');
	if (found === '' || !(await isInstalled(admin, MODULES.at(-1) as string))) {
		await recreate(admin);
		context.progress(WORDS.making);
		await runToEnd(context, place, 'odoo-install', ['-i', [...MODULES, ...modules].join(',')]);
	} else if (found !== wanted) {
		context.progress(WORDS.updating);
		const added = modules.length > 0 ? ['-i', modules.join(',')] : []; // a database of before may lack them
		const updated = ['-u', ['clinic_purchase_mail', ...modules].join(',')];
		await runToEnd(context, place, 'odoo-update', [...added, ...updated]);
	}
	if (!(await isInstalled(admin, MODULES.at(-1) as string))) {
		throw new HubError('INTERNAL', `Odoo's database ${DATABASE} lacks its modules after the installation`);
	}
	await writeFile(stamp, wanted);
}

/** Runs Odoo until it has done what `args` say, and tells how many modules are loaded. */
async function runToEnd(context: LabContext, place: Place, name: string, args: readonly string[]): Promise<void> {
	const started = await context.run({
		name,
		...odooCommand(context, place, ['-d', DATABASE, ...args, '--stop-after-init', '--no-http', '--max-cron-threads=0']),
	});
	let ended: { code: number | null } | undefined;
	void started.exited.then((how) => {
		ended = how;
	});
	let shown = 0;
	await context.until(
		{ en: 'Odoo installing its modules', es: 'Que Odoo instale sus módulos' },
		async () => {
			const log = await readFile(started.logFile, 'utf8');
			const [, done, all] = [...log.matchAll(/Loading module \S+ \((\d+)\/(\d+)\)/g)].at(-1) ?? [];
			if (Number(done) >= shown + PROGRESS_STEP) {
				context.progress({ en: `module ${done} of ${all}`, es: `módulo ${done} de ${all}` });
				shown = Number(done);
			}
			return ended !== undefined;
		},
		{ timeoutMs: INSTALL_TIMEOUT_MS },
	);
	if (ended?.code !== 0) {
		throw new HubError('INTERNAL', `Odoo ended with ${ended?.code}:\n${await tailOf(started.logFile)}`);
	}
}
