/** How Odoo's database manager hands out backups, with threads and with workers: the real one and its stand-in run this. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';
import { type Proof, proveDump, proveZip } from '../../lib/backup/proof.ts';
import { dropByManager, openManagerBackup } from '../../lib/odoo/manager.ts';

export interface FetchedOdoo {
	url: string;
	masterPassword: string;
	database: string;
	/** Answers by so many processes from now on; 0: by threads. */
	setWorkers(workers: number): Promise<void>;
}

/** Odoo loads the modules of a restored database: 35 s alone, and several times that beside other work. */
export const PATIENT = { timeout: 900_000 };

/** A form as a browser sends it. */
export async function postToManager(
	{ url }: FetchedOdoo,
	action: string,
	fields: Record<string, string>,
): Promise<IncomingMessage> {
	const headers = { 'content-type': 'application/x-www-form-urlencoded' };
	const outgoing = request(`${url}/web/database/${action}`, { method: 'POST', headers });
	outgoing.end(new URLSearchParams(fields).toString());
	return ((await once(outgoing, 'response')) as [IncomingMessage])[0];
}

export function odooFetchContract(odoo: () => FetchedOdoo): void {
	for (const workers of [0, 2]) {
		suite(workers === 0 ? 'with threads' : `with ${workers} workers`, () => {
			before(async () => {
				if (workers > 0) await odoo().setWorkers(workers);
			}, PATIENT);
			after(async () => {
				if (workers > 0) await odoo().setWorkers(0);
			}, PATIENT);
			fetchContract(odoo, workers);
		});
	}
}

function fetchContract(odoo: () => FetchedOdoo, workers: number): void {
	let own: Proof;
	const address = () => ({ url: odoo().url, masterPassword: odoo().masterPassword });
	const backup = (database: string, format: 'zip' | 'dump') => openManagerBackup(address(), { database, format });
	const prove = async (stream: Promise<Readable>) => proveZip(await stream, { startedAt: Date.now() });

	before(async () => {
		own = await prove(backup(odoo().database, 'zip'));
	}, PATIENT);

	test('the manager gives a zip that is whole and without a length', async () => {
		const { database, masterPassword } = odoo();
		assert.ok(own.attachments.named > 0);
		assert.deepEqual([own.attachments.stored, own.attachments.missing], [own.attachments.named, []]);
		assert.match(own.databaseUuid, /^[0-9a-f-]{36}$/);
		assert.match(own.odooVersion, /^18\.0/);
		const answer = await postToManager(odoo(), 'backup', { master_pwd: masterPassword, name: database });
		assert.deepEqual(
			[answer.statusCode, answer.headers['content-type'], answer.headers['content-length']],
			[200, 'application/octet-stream; charset=binary', undefined],
		);
		assert.match(answer.headers['content-disposition'] ?? '', /^attachment; filename\*=UTF-8''\w+_[\d_-]+\.zip$/);
		const { 'transfer-encoding': encoding, connection } = answer.headers;
		const how = [answer.httpVersion, encoding, connection];
		assert.deepEqual(how, workers > 0 ? ['1.0', undefined, 'close'] : ['1.1', 'chunked', 'close']);
		assert.equal((await buffer(answer)).toString('latin1', 0, 4), 'PK\u0003\u0004');
	});

	test('the manager gives a dump with the same rows and the same id', async () => {
		const { tables, databaseUuid } = await proveDump(await backup(odoo().database, 'dump'), { startedAt: Date.now() });
		assert.equal(databaseUuid, own.databaseUuid);
		assert.deepEqual(Object.keys(tables).toSorted(), Object.keys(own.tables).toSorted());
		assert.equal(tables['res_partner'], own.tables['res_partner']);
	});

	test('failures answer 200 with a page, and the client says which one it is', async () => {
		const { database, masterPassword } = odoo();
		const wrong = await postToManager(odoo(), 'backup', { master_pwd: 'wrong', name: database });
		const page = await text(wrong);
		assert.deepEqual([wrong.statusCode, wrong.headers['content-type']], [200, 'text/html; charset=utf-8']);
		assert.ok(page.length > 30_000 && page.length < 60_000, `${page.length} characters`);
		assert.match(page, /<div class="alert alert-danger">Database backup error: Access Denied<\/div>/);
		const refused = { code: 'ODOO_CREDENTIALS', message: /master password/ };
		const mistaken = { ...address(), masterPassword: 'wrong' };
		await assert.rejects(openManagerBackup(mistaken, { database, format: 'zip' }), refused);
		await assert.rejects(dropByManager(mistaken, database), refused);
		await assert.rejects(backup('nope', 'zip'), { code: 'ODOO_DATABASE_UNKNOWN' });
		assert.equal((await postToManager(odoo(), 'backup', { master_pwd: masterPassword })).statusCode, 500);
		const get = request(`${odoo().url}/web/database/backup`).end();
		assert.equal(((await once(get, 'response')) as [IncomingMessage])[0].statusCode, 405);
	});
}
