/** The addons' own tests, run by the real Odoo 18 that ODOO_SRC names, in databases made for them. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { Lab } from '../../lab/lab.ts';
import { ensureRole, recreate } from '../../lab/odoo/database.ts';
import { odooCommand, preparePlace } from '../../lab/odoo/place.ts';
import { odoo } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';

const source = process.env.ODOO_SRC;
const skip = source ? false : 'ODOO_SRC names no source of Odoo 18';

/** Odoo sums up: `0 failed, 0 error(s) of 53 tests when loading database 'clinica'`. */
const SUMMARY = /(\d+) failed, (\d+) error\(s\) of (\d+) tests/;

/** Installs `modules` into a new database and runs the tests of `addons`; all of them pass, without a warning about an addon. */
async function pass(t: TestContext, modules: string[], addons: string[]): Promise<void> {
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
	const tags = addons.map((addon) => `/${addon}`).join(',');
	const testRun = ['--test-enable', `--test-tags=${tags}`, '--stop-after-init', '--no-http', '--max-cron-threads=0'];
	const run = await context.run(odooCommand(context, place, ['-i', modules.join(','), ...testRun]));
	const { code } = await run.exited;
	const log = await readFile(run.logFile, 'utf8');
	const complaints = log.split('\n').filter((line) => / (?:WARNING|ERROR|CRITICAL) /.test(line));
	const [, failed, errors, ran] = SUMMARY.exec(log) ?? [];
	assert.equal(code, 0, complaints.join('\n'));
	assert.deepEqual([failed, errors], ['0', '0'], complaints.join('\n'));
	for (const addon of addons) assert.ok(log.includes(`odoo.addons.${addon}.tests.`), `no test of ${addon} ran`);
	assert.deepEqual(
		complaints.filter((line) => addons.some((addon) => line.includes(addon))),
		[],
	);
	t.diagnostic(`${ran} tests`);
}

test("the addon's own tests pass in Odoo, in a database that has nothing else", { skip }, (t) =>
	pass(t, ['clinic_purchase_mail'], ['clinic_purchase_mail']),
);

test('the addon for sales installs itself beside Sales, and the tests of both addons pass', { skip }, (t) =>
	pass(t, ['sale_management', 'clinic_purchase_mail'], ['clinic_sale_mail', 'clinic_purchase_mail']),
);

test('the addon that follows Keycloak passes its own tests', { skip }, (t) => pass(t, ['clinic_sso'], ['clinic_sso']));
