/**
 * Following a real Keycloak: a full run in which nothing changed, new users against the same calls without a
 * synchronisation, one change in realms of several sizes, and a disable against an open page of Odoo. The real Odoo where
 * ODOO_SRC names it, else its stand-in; each line says which.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Line } from '../lib/identity/model.ts';
import type { TestRealm } from '../test/keycloak.ts';
import { OdooBrowser } from '../test/servers/odoo-browser.ts';
import { accountOf, DEPARTMENTS, departments, growTo, idOf, idsOf } from './identity/realm.ts';
import { did, type Side, startSide } from './identity/side.ts';
import { type Bench, type Measure, median } from './measure.ts';

/** Lines a call, as the synchronisation has them. */
const BATCH = 50;
/** Between two runs, as the node has it; in ms. */
const EVERY_MS = 2_000;
/** Between two looks at the open page, in ms. */
const LOOK_MS = 50;
const PASSWORD = 'persona persona';
const LIMIT_MS = 30_000;

interface Sizes {
	small: number;
	middle: number;
	large: number;
	/** New users at once. */
	created: number;
	/** One change after the other. */
	changes: number;
	disabled: number;
}

const SIZES: Sizes = { small: 100, middle: 1_000, large: 10_000, created: 1_000, changes: 9, disabled: 20 };
const QUICK: Sizes = { small: 20, middle: 60, large: 200, created: 100, changes: 3, disabled: 3 };

const seconds = async (work: () => Promise<unknown>): Promise<number> => {
	const begun = performance.now();
	await work();
	return (performance.now() - begun) / 1_000;
};

const bench: Bench = async function* ({ quick, log }) {
	const sizes = quick ? QUICK : SIZES;
	const ends: (() => Promise<void> | void)[] = [];
	const owner = { after: (end: () => Promise<void> | void) => void ends.unshift(end) };
	try {
		log('Starting Keycloak …');
		const realm = await departments(owner);
		log('Starting Odoo …');
		const side = await startSide(owner, realm);
		const odoo = side.odoo.real ? 'real Odoo' : 'stand-in of Odoo';
		const changed: number[] = [];
		for (const size of [sizes.small, sizes.middle]) {
			await follow(side, realm, size, log);
			changed.push(await oneChange(side, realm, sizes.changes));
		}
		yield await createdBesideBare(side, realm, sizes, odoo);
		await follow(side, realm, sizes.large, log);
		changed.push(await oneChange(side, realm, sizes.changes));
		yield* changeRuns([sizes.small, sizes.middle, sizes.large], changed, odoo);
		yield* await reconciled(side, sizes, odoo);
		yield await disabled(side, realm, sizes, odoo, log);
	} finally {
		for (const end of ends) await end();
	}
};

/**
 * Brings the realm to a size, and Odoo after it: the first people by the synchronisation, the others as copies of one of
 * their department. That they are as they should be the run afterwards tells.
 */
async function follow(
	{ sync, odoo }: Side,
	realm: TestRealm,
	size: number,
	log: (text: string) => void,
): Promise<void> {
	const before = (await realm.request('GET', '/users/count')) as number;
	await growTo(realm, size);
	log(`Realm of ${size} …`);
	if (before > 0) {
		const ids = await idsOf(realm);
		for (const [department] of DEPARTMENTS.entries()) {
			const people = ids.flatMap((uid, index) => {
				return index < before || index % DEPARTMENTS.length !== department ? [] : [{ uid, ...accountOf(index) }];
			});
			await odoo.copyAccounts(ids[department] ?? '', people);
		}
	}
	did(await sync.run('everything'), before > 0 ? 0 : size);
	// The import's own events would be read again with each run for five minutes.
	await realm.request('DELETE', '/admin-events');
	did(await sync.run('everything'), 0);
}

/** The run that follows a change of one user, in ms. */
async function oneChange({ sync }: Side, realm: TestRealm, count: number): Promise<number> {
	const id = await idOf(realm, 0);
	const user = (await realm.request('GET', `/users/${id}`)) as object;
	const times: number[] = [];
	for (let turn = 0; turn < count; turn += 1) {
		await realm.request('PUT', `/users/${id}`, { ...user, lastName: `${turn} ${performance.now()}` });
		times.push(1_000 * (await seconds(async () => did(await sync.run('changes'), 1))));
	}
	return median(times);
}

function* changeRuns(sizes: readonly number[], times: readonly number[], odoo: string): Generator<Measure> {
	for (const [index, size] of sizes.entries()) {
		const [value = Number.NaN, reference = Number.NaN] = [times[index], times[0]];
		const against = `realm of ${sizes[0]}, ${odoo}`;
		const goal = 'does not grow';
		yield { measure: `change_run_ms.${size}`, value, unit: 'ms', against, reference, ratio: value / reference, goal };
	}
}

/** The bare calls come before and after, so that what slows Odoo as it grows counts on neither side. */
async function createdBesideBare(side: Side, realm: TestRealm, sizes: Sizes, odoo: string): Promise<Measure> {
	const { middle, created } = sizes;
	await growTo(realm, middle + created);
	const before = await bare(side, 'antes', created);
	const value = await seconds(async () => did(await side.sync.run('everything'), created));
	const reference = (before + (await bare(side, 'luego', created))) / 2;
	return {
		...{ measure: 'create_vs_bare', value, unit: 's', reference, ratio: value / reference },
		against: `the same batches without a synchronisation, ${odoo}`,
		goal: 'at most 1.3 with the real Odoo',
	};
}

/** Creates as many by nothing but calls; archives them again, so that nobody asks who they are. */
async function bare({ rpc, clinic }: Side, prefix: string, count: number): Promise<number> {
	const provider = await clinic.provider();
	const lines = Array.from({ length: count }, (_, index): Line => {
		const login = `${prefix}${index}`;
		const values = { login, name: `Persona ${index}`, email: `${login}@clinica.example`, lang: 'en_US' };
		return { kind: 'create', subject: login, account: 0, login, why: 'new', values, groups: ['base.group_user'] };
	});
	const made: Line[] = [];
	const apply = (batch: readonly Line[]) => rpc.call('clinic.sso', 'apply_lines', [provider, batch, 1_000_000]);
	await clinic.changeProvider({ clinic_sso_fence: 0 });
	const time = await seconds(async () => {
		for (let start = 0; start < count; start += BATCH) {
			const batch = lines.slice(start, start + BATCH);
			const results = (await apply(batch)) as { account: number }[];
			made.push(...batch.map((line, index): Line => archiveOf(line, results[index]?.account ?? 0)));
		}
	});
	for (let start = 0; start < count; start += BATCH) await apply(made.slice(start, start + BATCH));
	await clinic.changeProvider({ clinic_sso_fence: 0 });
	return time;
}

function archiveOf({ subject, login }: Line, account: number): Line {
	return { kind: 'archive', subject, login, account, why: 'missing' };
}

async function* reconciled(
	{ counted, sync, proxy, calls }: Side,
	{ large }: Sizes,
	odoo: string,
): AsyncGenerator<Measure> {
	const times: number[] = [];
	for (let turn = 0; turn < 3; turn += 1) times.push(await seconds(async () => did(await sync.run('everything'), 0)));
	const value = median(times);
	const against = `goal, ${large} users without a change, ${odoo}`;
	yield { measure: 'reconcile_s', value, unit: 's', against, reference: 10, ratio: value / 10, goal: 'at most 10' };
	proxy.asked.length = 0;
	const before = calls();
	did(await counted.run('everything'), 0);
	const count = proxy.asked.length + calls() - before;
	yield {
		...{ measure: 'reconcile_calls', value: count, unit: 'calls', reference: 60, ratio: count / 60 },
		against: `goal, ten departments; ${calls() - before} of them to Odoo`,
		goal: 'at most 60',
	};
}

/** From Keycloak's answer to the disable to the page that finds its session ended, while the hub runs every two seconds. */
async function disabled(
	{ sync, odoo, target, clinic }: Side,
	realm: TestRealm,
	{ disabled: count }: Sizes,
	words: string,
	log: (text: string) => void,
): Promise<Measure> {
	const pages: { id: string; page: OdooBrowser }[] = [];
	log(`Signing ${count} people in …`);
	for (let index = 1; index <= count; index += 1) {
		const id = await idOf(realm, index);
		const [account] = await target.accounts({ uids: [id], logins: [] });
		await clinic.setPassword(account?.id ?? 0, PASSWORD);
		pages.push({ id, page: await OdooBrowser.signIn(odoo.url, odoo.database, accountOf(index).login, PASSWORD) });
	}
	const stop = new AbortController();
	const running = runEvery(sync, stop.signal);
	const times: number[] = [];
	try {
		for (const { id, page } of pages) {
			// Anywhere between two runs.
			await delay(Math.random() * EVERY_MS);
			await realm.request('PUT', `/users/${id}`, { enabled: false });
			times.push(await seconds(() => Promise.race([untilEnded(page), running])));
		}
	} finally {
		stop.abort();
		await running;
	}
	const value = Math.max(...times);
	const against = `goal, ${words}, open page; median ${median(times).toFixed(2)} s`;
	return { measure: 'disable_worst_s', value, unit: 's', against, reference: 5, ratio: value / 5, goal: 'at most 5' };
}

async function runEvery(sync: Side['sync'], signal: AbortSignal): Promise<void> {
	while (!signal.aborted) {
		const { failed } = await sync.run('changes');
		if (failed[0]) throw new Error(`${failed[0].line.kind}: ${failed[0].text}`);
		await delay(EVERY_MS, undefined, { signal }).catch(() => {});
	}
}

async function untilEnded(page: OdooBrowser): Promise<void> {
	for (const deadline = performance.now() + LIMIT_MS; await page.isOpen(); ) {
		if (performance.now() > deadline) throw new Error('The page of a disabled user stays open');
		await delay(LOOK_MS);
	}
}

export default bench;
