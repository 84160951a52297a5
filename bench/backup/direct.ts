/** A backup past Odoo's manager beside one by it, of the same database of the real Odoo 18 that ODOO_SRC names. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Lab } from '../../lab/lab.ts';
import { ROLE } from '../../lab/odoo/database.ts';
import { odoo } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import { createAgeKey } from '../../lib/backup/age-keys.ts';
import type { SourceDescription } from '../../lib/backup/source.ts';
import { type Bench, median } from '../measure.ts';
import { ensurePrograms } from '../programs.ts';
import { hubBackup } from './hub-process.ts';

const ATTACHMENT_BYTES = 640_000;
const QUICK = { attachments: 40, rows: 400_000 };
/** 256 MB of attachments, and some 450 MB of rows. */
const FULL = { attachments: 400, rows: 4_000_000 };

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
		await fill(new URL(`/${ODOO_DATABASE}`, url).href, path.join(filestore, ODOO_DATABASE), quick ? QUICK : FULL);

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
		const rounds: { manager: number; direct: number }[] = [];
		for (let round = 1; round <= (quick ? 1 : 3); round++) {
			const [one, other] = [await backup('manager'), await backup('direct')];
			rounds.push({ manager: one.ms, direct: other.ms });
			const said = ({ ms, bytes }: typeof one) => `${(ms / 1_000).toFixed(1)} s for ${Math.round(bytes / 1e6)} MB`;
			log(`round ${round}: by the manager ${said(one)}, past it ${said(other)}`);
		}
		yield {
			bench: 'direct',
			measure: 'vs_manager',
			value: median(rounds.map(({ direct }) => direct)) / 1_000,
			unit: 's',
			against: "the same backup by Odoo's manager; the ratio is its time over this one",
			reference: median(rounds.map(({ manager }) => manager)) / 1_000,
			ratio: median(rounds.map(({ manager, direct }) => manager / direct)),
			goal: 'at least 5',
		};
	} finally {
		await lab.stop();
		await rm(directory, { recursive: true, force: true });
	}
};

/** A clinic's scans, which do not pack, and rows, which do. */
async function fill(url: string, folder: string, { attachments, rows }: typeof FULL): Promise<void> {
	const client = new pg.Client({ connectionString: url });
	await client.connect();
	try {
		const names: string[] = [];
		for (let index = 0; index < attachments; index++) {
			const content = randomBytes(ATTACHMENT_BYTES);
			const hash = createHash('sha1').update(content).digest('hex');
			await mkdir(path.join(folder, hash.slice(0, 2)), { recursive: true });
			// Odoo's account reads them, too.
			await writeFile(path.join(folder, hash.slice(0, 2), hash), content, { mode: 0o644 });
			names.push(`${hash.slice(0, 2)}/${hash}`);
		}
		await client.query(
			`insert into ir_attachment (name, type, store_fname, mimetype, file_size, create_date, write_date)
			select 'scan.jpg', 'binary', name, 'image/jpeg', ${ATTACHMENT_BYTES}, '2026-01-01', '2026-01-01' from unnest($1::text[]) name`,
			[names],
		);
		await client.query(`create table bench_consultation as
			select n as id, n % 5000 as patient, md5(n::text) as reference, n % 1000000 / 100.0 as amount,
				timestamp '2020-01-01' + n * interval '37 seconds' as moment,
				'consulta de ' || (array['medicina general', 'pediatría', 'cardiología', 'urgencia'])[1 + n % 4] as note
			from generate_series(1, ${rows}) n;
			alter table bench_consultation owner to ${ROLE}`);
	} finally {
		await client.end();
	}
}
