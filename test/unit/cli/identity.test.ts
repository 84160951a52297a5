/** `clinic-hub identity` on the rules that a node left in the store, with a plan that waits. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { HeldPlans } from '../../../lib/identity/held-plans.ts';
import { identitySettings } from '../../../lib/identity/rules.ts';
import { pairOf, Setups } from '../../../lib/identity/setups.ts';
import { openStore } from '../../../lib/store/store.ts';
import { run } from './console.ts';

const SETUP = {
	...{ issuer: 'http://127.0.0.1:9/realms/clinica', url: 'http://127.0.0.1:9', database: 'clinica' },
	settings: identitySettings({ scope: { roles: ['compras'] } }),
};
const LINE = { subject: 'id-ana', account: 7, login: 'ana', why: 'disabled', kind: 'archive' } as const;

let directory: string;
let environment: Record<string, string>;
let hash: string;
let id: string;

before(async () => {
	directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-cli-'));
	environment = {
		...{ HUB_USER_DIR: directory, ODOO_URL: SETUP.url, KEYCLOAK_ISSUER: SETUP.issuer, KEYCLOAK_READER_SECRET: 'x' },
		...{ ODOO_SYNC_USER: 'sync', ODOO_SYNC_KEY: 'x' },
	};
});
after(() => rm(directory, { recursive: true, force: true }));

async function hold(): Promise<void> {
	const store = await openStore({ file: path.join(directory, 'clinic-hub.sqlite') });
	await (await Setups.open(store)).save(SETUP, Date.now());
	const plans = await HeldPlans.open(store, pairOf(SETUP));
	const { plan } = await plans.hold({ issuer: SETUP.issuer, provider: 4 }, [{ line: LINE, reasons: ['archive'] }], 1);
	hash = plan?.hash ?? '';
	id = plan?.id ?? '';
	await store.close();
}

const identity = (...args: string[]) => run(['identity', ...args], { environment });

test('without a node that was deployed the command says what to do', async () => {
	const { exit, errors } = await identity('plans');
	assert.equal(exit, 6);
	assert.match(errors, /Deploy one/);
});

test('a plan that waits is listed with who, what and why, in both languages, and the exit code says that it waits', async () => {
	await hold();
	const { exit, output } = await identity('plans');
	assert.equal(exit, 7);
	assert.match(
		output,
		/^Plan [0-9a-f]{12}, since 1970-01-01 00:00 UTC:\n {2}ana: archive \(disabled in Keycloak\)\. archiving is/,
	);
	const spanish = await run(['identity', 'plans'], { environment: { ...environment, LANG: 'es_CL.UTF-8' } });
	assert.match(spanish.output, /ana: archivar \(desactivado en Keycloak\)/);
	const { json } = await identity('plans', '--json');
	assert.partialDeepStrictEqual(json, { ok: true, plan: { hash, lines: [{ user: 'ana', kind: 'archive' }] } });
});

test('another plan than the one that waits is refused, and so is a name that is none', async () => {
	assert.equal((await identity('reject', 'f'.repeat(12))).exit, 6);
	assert.equal((await identity('reject', hash.slice(0, 6))).exit, 2);
});

test('nothing is sent to another Keycloak or Odoo than the variables name', async () => {
	const other = { ...environment, KEYCLOAK_ISSUER: 'http://127.0.0.1:9/realms/otra' };
	const { exit, errors } = await run(['identity', 'run'], { environment: other });
	assert.equal(exit, 2);
	assert.match(errors, /KEYCLOAK_ISSUER and ODOO_URL name others/);
});

test('an approval while Keycloak is down changes nothing, and the plan waits on', async () => {
	assert.equal((await identity('approve', hash.slice(0, 12))).exit, 3);
	assert.equal((await identity('plans')).exit, 7);
});

test('a rejected plan waits no more, and the record says who rejected it', async () => {
	assert.equal((await identity('reject', hash.slice(0, 12))).exit, 0);
	assert.deepEqual((await identity('plans', '--json')).json, { ok: true, plan: null });
	const store = await openStore({ file: path.join(directory, 'clinic-hub.sqlite') });
	const plans = await HeldPlans.open(store, pairOf(SETUP));
	const { state, decidedBy } = await plans.read(id);
	assert.deepEqual([state, decidedBy], ['rejected', process.env['SUDO_USER'] || userInfo().username]);
	await store.close();
});
