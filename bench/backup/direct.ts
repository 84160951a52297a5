/** A backup past Odoo's manager beside one by it, of the same database of the real Odoo 18 that ODOO_SRC names. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Lab } from '../../lab/lab.ts';
import { ROLE } from '../../lab/odoo/database.ts';
import { odoo } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import { createAgeKey } from '../../lib/backup/age-keys.ts';
import type { SourceDescription } from '../../lib/backup/source.ts';
import type { Bench } from '../measure.ts';
import { ensurePrograms } from '../programs.ts';
import type { HubFigures } from './hub.ts';
import { hubBackup } from './hub-process.ts';
import { compared, inTurns } from './rounds.ts';

/** What a clinic keeps: pictures and PDF files, which do not pack, and pages, tables and messages, which do. */
interface Content {
	scans: number;
	texts: number;
	rows: number;
}

const SCAN_BYTES = 640_000;
const TEXT_BYTES = 80_000;
const QUICK: Content = { scans: 200, texts: 200, rows: 100_000 };
/** 640 MB of attachments, a tenth of which packs, and some 90 MB of rows. */
const FULL: Content = { scans: 900, texts: 800, rows: 800_000 };

export const direct: Bench = async function* ({ quick, log }) {
	const source = process.env.ODOO_SRC;
	if (!source) {
		log('direct.vs_manager is skipped: ODOO_SRC names no source of Odoo 18.');
		return;
	}
	const database = postgresql();
	// Without job threads nothing else works meanwhile.
	const system = odoo({ source, broker: {}, manager: true, args: ['--max-cron-threads=0'] });
	await ensurePrograms([database, system], log);
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-bench-direct-'));
	const lab = await Lab.open({
		systems: [database, system],
		directory,
		ports: 'free',
		language: 'en',
		progress: (name, text) => log(`${name}: ${text}`),
	});
	try {
		await lab.start();
		const context = lab.context(system);
		const url = postgresqlUrl(lab.context(database));
		const { hostname, port } = new URL(url);
		const { ODOO_URL = '', ODOO_DATABASE = '', ODOO_MASTER_PASSWORD = '' } = lab.variables;
		const home = process.getuid?.() === 0 ? await context.directoryFor('nobody', 'odoo') : context.directory;
		const filestore = path.join(home, 'data/filestore');
		const folder = path.join(filestore, ODOO_DATABASE);
		const { size, filed } = await fill(new URL(`/${ODOO_DATABASE}`, url).href, folder, quick ? QUICK : FULL);

		const password = context.secret('odoo.database');
		const postgres = { host: hostname, port: Number(port), user: ROLE, password, database: ODOO_DATABASE };
		const address = { url: ODOO_URL, masterPassword: ODOO_MASTER_PASSWORD };
		const sources = {
			manager: { kind: 'manager', address, database: ODOO_DATABASE, format: 'zip' },
			direct: { kind: 'direct', postgres, filestore },
		} satisfies Record<string, SourceDescription>;
		const { recipient } = await createAgeKey();
		const backup = (name: keyof typeof sources) =>
			hubBackup({ source: sources[name], spool: path.join(directory, 'spool'), recipient });
		const seconds = ({ ms }: HubFigures) => `${(ms / 1_000).toFixed(1)} s`;
		const rounds = await inTurns(
			quick ? 1 : 3,
			() => backup('direct'),
			() => backup('manager'),
			(round, { hub, other }) => log(`round ${round}: past the manager ${seconds(hub)}, by it ${seconds(other)}`),
		);
		const rate = ({ ms }: HubFigures) => size / 1_000 / ms;
		const mb = (bytes: number) => Math.round(bytes / 1e6);
		yield {
			bench: 'direct',
			measure: 'vs_manager',
			unit: 'MB/s',
			...compared(rounds, rate, rate),
			against: `by Odoo's manager, both of ${mb(size)} MB: database of ${mb(size - filed)}, filestore of ${mb(filed)}`,
			goal: 'at least 5',
		};
	} finally {
		await lab.stop();
		await rm(directory, { recursive: true, force: true });
	}
};

/** Gives the bytes of database and filestore, and of the filestore alone. */
async function fill(
	url: string,
	folder: string,
	{ scans, texts, rows }: Content,
): Promise<{ size: number; filed: number }> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		const scan = () => randomBytes(SCAN_BYTES);
		const text = () =>
			Buffer.from(
				Array.from({ length: TEXT_BYTES / 16 }, words)
					.join('')
					.slice(0, TEXT_BYTES),
			);
		await attach(
			client,
			folder,
			{ name: 'scan.jpg', type: 'image/jpeg' },
			Array.from({ length: scans }, () => scan),
		);
		await attach(
			client,
			folder,
			{ name: 'page.html', type: 'text/html' },
			Array.from({ length: texts }, () => text),
		);
		await client.query(`create table bench_consultation as
			select n as id, n % 5000 as patient, md5(n::text) as reference, n % 1000000 / 100.0 as amount,
				timestamp '2020-01-01' + n * interval '37 seconds' as moment,
				'consulta de ' || (array['medicina general', 'pediatría', 'cardiología', 'urgencia'])[1 + n % 4] as note
			from generate_series(1, ${rows}) n;
			alter table bench_consultation owner to ${ROLE}`);
		// pg_dump copies no index.
		const { rows: found } = await client.query<{ database: string }>(
			`select sum(pg_table_size(oid)) as database from pg_class where relkind = 'r'`,
		);
		const filed = await folderBytes(folder);
		return { size: Number(found[0]?.database) + filed, filed };
	} finally {
		await client.end();
	}
}

const WORDS = 'paciente consulta factura compra almacén enfermería quirófano turno cama ingreso alta receta'.split(' ');

function words(): string {
	return `${WORDS[Math.floor(Math.random() * WORDS.length)]} ${Math.random().toString(36).slice(2, 8)} `;
}

async function attach(
	client: pg.Client,
	folder: string,
	{ name, type }: { name: string; type: string },
	contents: (() => Buffer)[],
): Promise<void> {
	const names: string[] = [];
	for (const make of contents) {
		const content = make();
		const hash = createHash('sha1').update(content).digest('hex');
		await mkdir(path.join(folder, hash.slice(0, 2)), { recursive: true });
		// Odoo's account reads them, too.
		await writeFile(path.join(folder, hash.slice(0, 2), hash), content, { mode: 0o644 });
		names.push(`${hash.slice(0, 2)}/${hash}`);
	}
	await client.query(
		`insert into ir_attachment (name, type, store_fname, mimetype, create_date, write_date)
		select $2, 'binary', file, $3, '2026-01-01', '2026-01-01' from unnest($1::text[]) file`,
		[names, name, type],
	);
}

async function folderBytes(folder: string): Promise<number> {
	let bytes = 0;
	for (const each of await readdir(folder, { recursive: true, withFileTypes: true })) {
		if (each.isFile()) bytes += (await stat(path.join(each.parentPath, each.name))).size;
	}
	return bytes;
}
