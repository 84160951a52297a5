/** What Odoo does, and its stand-in does alike: run on the stand-in always, on the real Odoo 18 where ODOO_SRC names it. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { type UntilOptions, until } from '../../lab/until.ts';
import type { RpcAnswer, TestOdoo } from '../servers/odoo.ts';

const CONTRACT = path.join(import.meta.dirname, '../../contracts/purchase-message.schema.json');

/** Far below what waiting for a silent broker would take, far above a busy machine's pauses; in ms. */
const AT_ONCE_MS = 1_500;

/** A pause after a failure is 15 s and more, and Odoo looks for what is due once a minute; in ms. */
const RECOVERY_TIMEOUT_MS = 150_000;

export const patient = (signal: AbortSignal): UntilOptions => ({
	timeoutMs: RECOVERY_TIMEOUT_MS,
	signal,
	language: 'en',
});

/** @param odoo the one that the suite has started  @param whileMute looked at while its job waits for a silent broker */
export function odooContract(odoo: () => TestOdoo, whileMute: () => Promise<void> = async () => {}): void {
	const published = (number: string, signal: AbortSignal) =>
		until(
			`message about ${number}`,
			async () => {
				const found = await odoo().about(number);
				return found.length > 0 && found;
			},
			patient(signal),
		);

	test('a purchase confirmed twice lies in the queue once, as the contract says', async (t) => {
		const purchase = await odoo().draft();
		assert.ok((await odoo().session.confirm(purchase)) < AT_ONCE_MS);
		await odoo().session.confirm(purchase);
		const [message, ...others] = await published(purchase.number, t.signal);
		assert.deepEqual(others, []);
		const body = JSON.parse(message?.payload ?? '') as { id: string; order: { link: string } };
		const validate = await compiled();
		assert.ok(validate(body), JSON.stringify(validate.errors));
		assert.equal(message?.properties.message_id, body.id);
		assert.equal(message?.properties.delivery_mode, 2);
		assert.equal(message?.properties.content_type, 'application/json');
		const page = await fetch(body.order.link);
		assert.equal(page.status, 200);
		assert.ok((await page.text()).includes(purchase.number));
		await until(
			'the outbox says so',
			async () => (await odoo().rows(purchase))[0]?.['state'] === 'published',
			patient(t.signal),
		);
		const rows = await odoo().rows(purchase);
		assert.deepEqual(
			rows.map(({ uuid, body }) => [uuid, body]),
			[[message?.properties.message_id, message?.payload]],
		);
	});

	test('a supplier without one address is no reason not to confirm; the outbox says why there is no mail', async () => {
		for (const [email, reason] of [
			['', 'no_address'],
			['a@proveedor.example, b@proveedor.example', 'bad_address'],
		] as const) {
			const { result: partner } = await odoo().call('res.partner', 'create', [{ name: 'Proveedor', email }]);
			const { result: id } = await odoo().call('purchase.order', 'create', [{ partner_id: partner }]);
			const purchase = { id: id as number, number: '', total: 0, supplier: '' };
			await odoo().session.confirm(purchase);
			const [row] = await odoo().rows(purchase);
			assert.deepEqual([row?.['state'], row?.['reason_code'], row?.['body']], ['unsent', reason, false]);
		}
	});

	test('a confirmation that fails for one of two leaves neither row nor message of the other', async () => {
		const purchase = await odoo().draft();
		const { error } = await odoo().call('purchase.order', 'button_confirm', [[purchase.id, 999_999]]);
		assert.equal(error?.data.name, 'odoo.exceptions.MissingError');
		const { result } = await odoo().call('purchase.order', 'read', [[purchase.id], ['state']]);
		assert.deepEqual(result, [{ id: purchase.id, state: 'draft' }]);
		assert.deepEqual(await odoo().rows(purchase), []);
		assert.deepEqual(await odoo().about(purchase.number), []);
	});

	test('refusals of JSON-RPC have the names by which clients tell them apart', async () => {
		const { call, post, database } = odoo();
		const common = (args: unknown[]) =>
			post(JSON.stringify({ jsonrpc: '2.0', params: { service: 'common', method: 'authenticate', args } }));
		const as = (args: unknown[]) =>
			post(JSON.stringify({ jsonrpc: '2.0', params: { service: 'object', method: 'execute_kw', args } }));
		const names: Record<string, RpcAnswer> = {
			'odoo.exceptions.AccessDenied': await as([database, 2, 'wrong', 'res.partner', 'search', [[]]]),
			'psycopg2.OperationalError': await as(['nowhere', 2, 'admin', 'res.partner', 'search', [[]]]),
			'odoo.exceptions.MissingError': await call('purchase.order', 'button_confirm', [[999_999]]),
			'builtins.ValueError': await call('res.partner', 'read', [[1], ['no_such_field']]),
			'builtins.AttributeError': await call('res.partner', 'no_such_method', [[1]]),
			'odoo.exceptions.UserError': await call('no.such.model', 'search', [[]]),
		};
		for (const [name, { status, error }] of Object.entries(names)) {
			assert.deepEqual([name, status, error?.code, error?.data.name], [name, 200, 200, name]);
			assert.match(error?.data.debug ?? '', /^Traceback/);
		}
		assert.equal((await common([database, 'admin', 'wrong', {}])).result, false);
		assert.equal((await common([database, 'admin', 'admin', {}])).result, 2);
		assert.deepEqual((await call('purchase.order', 'read', [[999_999], ['state']])).result, []);
		assert.equal((await post('{')).status, 400);
	});

	test('whether the broker is mute or down, purchases are confirmed at once, and published once when it is back', async (t) => {
		const { proxy, session, draft, rows, about } = odoo();
		proxy.mute();
		proxy.cut();
		const purchases = [await draft(), await draft(), await draft()];
		const [mute, alsoMute, down] = purchases as [(typeof purchases)[0], (typeof purchases)[0], (typeof purchases)[0]];
		assert.ok((await session.confirm(mute)) < AT_ONCE_MS);
		await until('the job at the broker', async () => proxy.connections > 0, patient(t.signal));
		await whileMute();
		assert.ok((await session.confirm(alsoMute)) < AT_ONCE_MS);
		proxy.refuse();
		proxy.cut();
		const refused = async () => (await rows(mute))[0]?.['reason_code'] === 'AMQP_UNREACHABLE';
		await until('the reason on the row', refused, patient(t.signal));
		assert.ok((await session.confirm(down)) < AT_ONCE_MS);
		await proxy.forward();
		for (const purchase of purchases) {
			const out = async () => (await rows(purchase))[0]?.['state'] === 'published';
			await until(`${purchase.number} handed over`, out, patient(t.signal));
			assert.equal((await about(purchase.number)).length, 1);
		}
	});
}

async function compiled() {
	const ajv = new Ajv2020({ strict: false });
	formats.default(ajv);
	// Formats of this project's own are checked by patterns beside them.
	const schema = (await readFile(CONTRACT, 'utf8')).replace(/"format": "(?:money|decimal)",/g, '');
	return ajv.compile(JSON.parse(schema) as object);
}
