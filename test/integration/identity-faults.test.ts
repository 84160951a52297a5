/** What a real Keycloak, or something on the way to it, can answer while a clinic is followed: what is then done in Odoo, and what is not. */
import assert from 'node:assert/strict';
import { after, beforeEach, describe, test } from 'node:test';
import { HubError } from '../../lib/errors.ts';
import { KeycloakSource } from '../../lib/identity/keycloak-source.ts';
import type { RunReport } from '../../lib/identity/report.ts';
import { identitySettings } from '../../lib/identity/rules.ts';
import { IdentitySync } from '../../lib/identity/sync.ts';
import { walkRealm } from '../../lib/identity/walk.ts';
import { RealmReader } from '../../lib/keycloak/reader.ts';
import { openStore } from '../../lib/store/store.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';
import { TestOdoo } from '../unit/identity/odoo.ts';
import { DIRECTOR } from '../unit/identity/setting.ts';

/** One page more than a full one. */
const STAFF = 520;
const PAGE = 500;
const FAST = { retry: { minMs: 1, maxMs: 5 } };

const keycloak = await sharedKeycloak();
const realm = await keycloak.realm({ after }, { staff: false });
const proxy = await keycloakProxy({ after }, keycloak.port);
const store = await openStore({ file: ':memory:' });
after(() => store.close());
const odoo = new TestOdoo();
const scope = { groups: ['/Compras'] };
const source = () => new KeycloakSource(new RealmReader({ ...realm.reader, ...FAST, internalUrl: proxy.url }));
const open = () =>
	IdentitySync.open({
		...{ source: source(), target: odoo, store, pair: 'clinica', owner: 'hub', apartMs: 0 },
		settings: identitySettings({ scope, guards: { mass: { floor: 20, share: 0.1, windowMs: 1 } } }),
	});

const name = (index: number) => `persona${String(index).padStart(4, '0')}`;
const isWalk = (path: string) => path.startsWith(`/admin/realms/${realm.name}/users?`);
const isSecondPage = (path: string) => isWalk(path) && path.includes(`first=${PAGE}&`);
const lines = ({ plan }: RunReport) => plan?.lines.map(({ kind, login }) => `${kind} ${login}`);

await realm.request('POST', '/partialImport', {
	ifResourceExists: 'FAIL',
	users: Array.from({ length: STAFF }, (_, index) => ({
		...{ username: name(index), enabled: true, groups: ['/Compras'], firstName: 'P', lastName: name(index) },
	})),
});
const first = await (await open()).run('everything');
if (first.held) await (await open()).approve(first.held.id, first.held.hash, DIRECTOR);

describe('a full run over a clinic that is followed', () => {
	beforeEach(() => {
		proxy.fault = () => undefined;
		odoo.effects.length = 0;
	});

	/** @throws AssertionError unless the run ends so, having changed nothing */
	async function stops(code: string): Promise<void> {
		await assert.rejects((await open()).run('everything'), (thrown) => {
			assert.ok(thrown instanceof HubError, String(thrown));
			assert.equal(thrown.code, code, thrown.message);
			return true;
		});
		assert.deepEqual(odoo.effects, []);
		assert.equal(await (await open()).plans.waiting(), null, 'nothing waits for anybody either');
	}

	test('finds nothing to do where nothing changed', async () => {
		assert.deepEqual(lines(await (await open()).run('everything')), []);
	});

	test('stops at an empty list of users', async () => {
		proxy.fault = ({ path }) => (isWalk(path) ? { body: '[]' } : undefined);
		await stops('KEYCLOAK_EMPTY');
	});

	test('stops at a token that is refused in the middle and again, and at a limit that stays', async () => {
		proxy.fault = ({ path }) => (isSecondPage(path) ? { status: 401, body: '{"error":"no"}' } : undefined);
		await stops('KEYCLOAK_CREDENTIALS');
		proxy.fault = ({ path }) => (isSecondPage(path) ? { status: 429, body: '' } : undefined);
		await stops('KEYCLOAK_BUSY');
		proxy.fault = ({ path }) => (isSecondPage(path) ? { status: 403, body: '{"error":"no"}' } : undefined);
		await stops('KEYCLOAK_FORBIDDEN');
	});

	test('goes on after one refused token and a limit that passes', async () => {
		let refused = 0;
		proxy.fault = ({ path }) => {
			if (!isSecondPage(path) || refused > 1) return undefined;
			refused += 1;
			return { status: refused === 1 ? 401 : 429, body: '{"error":"no"}' };
		};
		assert.deepEqual(lines(await (await open()).run('everything')), []);
		assert.equal(refused, 2);
	});

	test('stops at a page with status 404 in place of a user who is looked for', async () => {
		proxy.fault = ({ path }) => {
			if (isWalk(path)) return { change: (page) => (page as unknown[]).slice(1) };
			const html = { status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>User not found</h1>' };
			return /\/users\/(?!count$)[^/?]+$/.test(path) ? html : undefined;
		};
		await stops('KEYCLOAK_REFUSED');
	});

	test('asks by id for those whom a short page lacks, and takes nothing from them', async () => {
		proxy.fault = ({ path }) => (isWalk(path) ? { change: (page) => (page as unknown[]).slice(3) } : undefined);
		assert.deepEqual(lines(await (await open()).run('everything')), []);
	});

	test('counts who stands on two pages once', async () => {
		let seen: unknown[] = [];
		proxy.fault = ({ path }) => {
			if (!isWalk(path)) return undefined;
			const doubled = (page: unknown) => {
				const list = page as unknown[];
				const both = list.length > 0 ? [...seen.slice(0, 5), ...list] : list;
				seen = list;
				return both;
			};
			return { change: doubled };
		};
		const { people } = await walkRealm(source(), { scope: { roles: [], ...scope } }, []);
		assert.equal(people.length, STAFF);
		assert.deepEqual(lines(await (await open()).run('everything')), []);
	});

	test('takes nothing from whom an insertion or a removal shifts out of the pages', async () => {
		const gone = await realm.addUser('aaa-primera');
		let changed = false;
		proxy.fault = async ({ path }) => {
			if (!isSecondPage(path) || changed) return undefined;
			changed = true;
			await realm.request('DELETE', `/users/${gone}`); // everybody moves up, one from the second page to the first
			return undefined;
		};
		assert.deepEqual(lines(await (await open()).run('everything')), []);
		assert.ok(changed);
		let added = '';
		proxy.fault = async ({ path }) => {
			if (isSecondPage(path) && !added) added = await realm.addUser('aaa-segunda');
			return undefined;
		};
		assert.deepEqual(lines(await (await open()).run('everything')), []);
		await realm.request('DELETE', `/users/${added}`);
	});

	test('stops without the right to see users', async () => {
		await realm.grantReader('DELETE', 'view-users');
		try {
			await stops('KEYCLOAK_FORBIDDEN');
		} finally {
			await realm.grantReader('POST', 'view-users');
		}
	});

	test('stops at another realm, told by its issuer and, with a new store, by its users', async (t) => {
		const other = await keycloak.realm(t);
		const fresh = await openStore({ file: ':memory:' });
		t.after(() => fresh.close());
		for (const [kept, words] of [[store, /Until now/] as const, [fresh, /None of the users/] as const]) {
			const stranger = await IdentitySync.open({
				source: new KeycloakSource(new RealmReader(other.reader)),
				...{ target: odoo, store: kept, pair: 'clinica', owner: 'hub', apartMs: 0 },
				settings: identitySettings({ scope }),
			});
			await assert.rejects(stranger.run('everything'), { code: 'IDENTITY_STOPPED', message: words });
		}
		assert.deepEqual(odoo.effects, []);
	});
});
