/** The addon's own tests, run by the real Odoo 18 that ODOO_SRC names, in a database made for them. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { Lab } from '../../lab/lab.ts';
import { ensureRole, recreate } from '../../lab/odoo/database.ts';
import { odooCommand, preparePlace } from '../../lab/odoo/place.ts';
import { odoo } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';

const source = process.env.ODOO_SRC;
const skip = source ? false : 'ODOO_SRC names no source of Odoo 18';

const ADDON = 'clinic_purchase_mail';
const TEST_RUN = ['--test-enable', `--test-tags=/${ADDON}`, '--stop-after-init', '--no-http', '--max-cron-threads=0'];

/** Odoo sums up: `0 failed, 0 error(s) of 53 tests when loading database 'clinica'`. */
const SUMMARY = /(\d+) failed, (\d+) error\(s\) of (\d+) tests/;

test("the addon's own tests pass in Odoo, in a database that has nothing else", { skip }, async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-addon-'));
	const [server, system] = [postgresql(), odoo({ source: source as string })];
	const lab = await Lab.open({ systems: [server, system], directory, ports: 'free' });
	t.after(async () => {
		await lab.stop();
		await rm(directory, { recursive: true, force: true });
	});
	const context = lab.context(system);
	for (const step of ['ensure', 'start', 'ready'] as const) await server[step](lab.context(server));
	const admin = postgresqlUrl(context);
	await ensureRole(admin, context.secret('odoo.database'));
	await recreate(admin);
	const place = await preparePlace(context, source as string);
	const run = await context.run(odooCommand(context, place, ['-i', ADDON, ...TEST_RUN]));
	const { code } = await run.exited;
	const log = await readFile(run.logFile, 'utf8');
	const complaints = log.split('\n').filter((line) => / (?:WARNING|ERROR|CRITICAL) /.test(line));
	const [, failed, errors, ran] = SUMMARY.exec(log) ?? [];
	assert.equal(code, 0, complaints.join('\n'));
	assert.deepEqual([failed, errors], ['0', '0'], complaints.join('\n'));
	assert.ok(Number(ran) > 0, 'no test ran');
	assert.deepEqual(
		complaints.filter((line) => line.includes(ADDON)),
		[],
	);
	t.diagnostic(`${ran} tests`);
});
