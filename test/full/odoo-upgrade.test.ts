/** The addon updated, uninstalled and installed again in the real Odoo, with mails under way; needs ODOO_SRC. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { odooCommand, preparePlace } from '../../lab/odoo/place.ts';
import type { LabContext, System } from '../../lab/system.ts';
import { odoo as odooSystem } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import { until } from '../../lab/until.ts';
import { patient } from '../integration/odoo-contract.ts';
import { startOdoo, type TestOdoo } from '../servers/odoo.ts';

const source = process.env['ODOO_SRC'];
const skip = source ? false : 'ODOO_SRC names no source of Odoo 18';

const ADDON = 'clinic_purchase_mail';

/** What version 18.0.1.0.0 did not have: results of mails that were handed over, the job that reads them, and who sent a mail again. */
const AS_BEFORE = `
	alter table clinic_mail_outbox drop column status, drop column outcome, drop column outcome_time,
		drop column outcome_at, drop column outcome_retry_at, drop column mail_message_id, drop column mail_recipient,
		drop column smtp_response, drop column outcome_code, drop column outcome_text, drop column outcome_summary,
		drop column outcome_by, drop column requested_at, drop column requested_by_id;
	delete from ir_cron where id = (select res_id from ir_model_data where module = '${ADDON}' and name = 'job_results');
	delete from ir_model_data where module = '${ADDON}' and name = 'job_results';
	update ir_module_module set latest_version = '18.0.1.0.0' where name = '${ADDON}'`;

/** What differed in version 18.0.1.1.0: mails that a rule kept back were called like those that could not be sent. */
const WITHOUT_SKIPPED = `
	update clinic_mail_outbox set status = state;
	alter table clinic_mail_outbox drop column requested_at, drop column requested_by_id;
	drop index clinic_mail_outbox_document_index;
	create index clinic_mail_outbox__uuid_index on clinic_mail_outbox (uuid);
	update ir_module_module set latest_version = '18.0.1.1.0' where name = '${ADDON}'`;

interface Scene {
	odoo: TestOdoo;
	system: System;
	sql: pg.Client;
}

async function scene(t: TestContext): Promise<Scene> {
	const database = postgresql();
	let system: System | undefined;
	const odoo = await startOdoo((broker) => {
		system = odooSystem({ source: source as string, broker });
		return [database, system];
	});
	t.after(() => odoo.stop());
	const sql = new pg.Client({ connectionString: postgresqlUrl(odoo.lab.context(database), odoo.database) });
	sql.on('error', () => {}); // at the end PostgreSQL is stopped before it
	await sql.connect();
	return { odoo, system: system as System, sql };
}

/** Stops Odoo, makes its database that of an earlier version, and lets Odoo update the addon. */
async function updated({ odoo, system, sql }: Scene, asBefore: string): Promise<LabContext> {
	const context = odoo.lab.context(system);
	await system.stop(context);
	await sql.query(asBefore);
	const place = await preparePlace(context, source as string);
	const update = await context.run({
		name: 'odoo-update',
		...odooCommand(context, place, ['-u', ADDON, '--stop-after-init', '--no-http', '--max-cron-threads=0']),
	});
	assert.equal((await update.exited).code, 0);
	return context;
}

const handedOver = (t: TestContext, odoo: TestOdoo, purchase: Parameters<TestOdoo['rows']>[0]) =>
	until(
		`${purchase.number} handed over`,
		async () => (await odoo.rows(purchase))[0]?.['state'] === 'published',
		patient(t.signal),
	);

test('updated from the previous version with mails that wait: they go out once, and old ones have a status', {
	skip,
}, async (t) => {
	const at = await scene(t);
	const { odoo, system, sql } = at;
	const sent = await odoo.draft();
	await odoo.session.confirm(sent);
	await handedOver(t, odoo, sent);
	odoo.proxy.refuse();
	odoo.proxy.cut();
	const waiting = await odoo.draft();
	await odoo.session.confirm(waiting);
	await until('its failure', async () => Boolean((await odoo.rows(waiting))[0]?.['reason_code']), patient(t.signal));
	const [before] = await odoo.rows(waiting);
	const context = await updated(at, AS_BEFORE);
	await odoo.proxy.forward();
	await system.start(context);
	await system.ready(context);
	await handedOver(t, odoo, waiting);
	const found = await odoo.about(waiting.number);
	assert.deepEqual(
		found.map(({ properties, payload }) => [properties.message_id, payload]),
		[[before?.['uuid'], before?.['body']]],
	);
	assert.equal((await odoo.about(sent.number)).length, 1);
	const { rows } = await sql.query('select status from clinic_mail_outbox where res_id = any ($1)', [
		[sent.id, waiting.id],
	]);
	assert.deepEqual(rows, Array(2).fill({ status: 'published' }));
	const { rows: jobs } = await sql.query("select 1 from ir_model_data where module = $1 and name = 'job_results'", [
		ADDON,
	]);
	assert.equal(jobs.length, 1);
});

test('updated from a version that knew no skipped mails: those that a rule kept back are called so, and the indexes are the present ones', {
	skip,
}, async (t) => {
	const at = await scene(t);
	const { odoo, sql } = at;
	const [skipped, sent] = [await odoo.draft(), await odoo.draft()];
	await odoo.call('purchase.order', 'write', [[skipped.id], { clinic_mail_send: 'skip' }]);
	await odoo.session.confirm(skipped);
	await odoo.session.confirm(sent);
	await handedOver(t, odoo, sent);
	await updated(at, WITHOUT_SKIPPED);
	const { rows } = await sql.query(
		'select res_id, status from clinic_mail_outbox where res_id = any ($1) order by id',
		[[skipped.id, sent.id]],
	);
	assert.deepEqual(rows, [
		{ res_id: skipped.id, status: 'skipped' },
		{ res_id: sent.id, status: 'published' },
	]);
	const { rows: indexes } = await sql.query(
		"select indexname from pg_indexes where tablename = 'clinic_mail_outbox' and indexname ~ 'uuid|document' order by 1",
	);
	assert.deepEqual(
		indexes.map(({ indexname }) => indexname),
		['clinic_mail_outbox_document_index', 'clinic_mail_outbox_uuid_unique'],
	);
});

test('uninstalled, Odoo confirms as ever; installed again, mails go out', { skip }, async (t) => {
	const { odoo } = await scene(t);
	const module = async (method: string) => {
		const found = await odoo.call('ir.module.module', 'search', [[['name', '=', ADDON]]]);
		const done = async () => {
			const { error } = await odoo.call('ir.module.module', method, [found.result]);
			// Odoo refuses while any scheduled action runs.
			if (error?.data.message.includes('scheduled action')) return false;
			assert.equal(error, undefined, error?.data.message);
			return true;
		};
		await until(method, done, patient(t.signal));
	};
	await odoo.session.confirm(await odoo.draft());
	await module('button_immediate_uninstall');
	const without = await odoo.draft();
	await odoo.session.confirm(without);
	assert.deepEqual(await odoo.about(without.number), []);
	await module('button_immediate_install');
	const purchase = await odoo.draft();
	await odoo.session.confirm(purchase);
	await handedOver(t, odoo, purchase);
	assert.equal((await odoo.about(purchase.number)).length, 1);
	assert.deepEqual(await odoo.about(without.number), [], 'what was confirmed meanwhile is not mailed later');
});
