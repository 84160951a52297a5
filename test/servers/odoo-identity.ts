/** The real Odoo 18 as the target of identities: with `auth_oauth`, and with `clinic_sso` once that is asked for. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { Lab } from '../../lab/lab.ts';
import { DATABASE, ensureRole, recreate } from '../../lab/odoo/database.ts';
import { odooCommand, type Place, preparePlace } from '../../lab/odoo/place.ts';
import type { LabContext, LabProcess } from '../../lab/system.ts';
import { odoo as odooSystem } from '../../lab/systems/odoo.ts';
import { postgresql, postgresqlUrl } from '../../lab/systems/postgresql.ts';
import { OdooRpc } from '../../lib/odoo/rpc.ts';
import { copyAccounts } from './odoo-accounts.ts';
import { OdooBrowser } from './odoo-browser.ts';

/** Loading a registry takes seconds alone, and more beside other work; in ms. */
const START_TIMEOUT_MS = 10 * 60_000;
const STOP_GRACE_MS = 5_000;
/** Of calls that do more than the hub's own, in ms. */
const CALL_MS = 300_000;

export interface IdentityOdoo {
	readonly real: boolean;
	readonly url: string;
	readonly database: string;
	rpc(user: string, password: string): OdooRpc;
	/** A key of that user, who has a password. */
	apiKey(user: string, password: string): Promise<string>;
	/** Leaves that user with keys alone: each call after a change would pay for a comparison with the password. */
	forgetPassword(user: string): Promise<void>;
	/** More accounts like that person's, past Odoo, which takes a second for fifty. */
	copyAccounts(of: string, people: readonly CopiedPerson[]): Promise<void>;
	/** Puts `clinic_sso` into the same database. */
	installAddon(): Promise<void>;
	stop(): Promise<void>;
}

export interface CopiedPerson {
	uid: string;
	login: string;
	name: string;
	email: string;
}

/** @param source what ODOO_SRC names */
export async function startIdentityOdoo(source: string): Promise<IdentityOdoo> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-identity-'));
	const server = postgresql();
	const system = odooSystem({ source });
	const lab = await Lab.open({ systems: [server, system], directory, ports: 'free' });
	const context = lab.context(system);
	const { url } = context.endpoint('odoo', 'web');
	let place: Place;
	let running: LabProcess | undefined;
	const stop = async () => {
		await running?.stop({ graceMs: STOP_GRACE_MS });
		await lab.stop();
		await rm(directory, { recursive: true, force: true });
	};
	const install = async (module: string) => {
		await running?.stop({ graceMs: STOP_GRACE_MS });
		const args = ['-i', module, '--stop-after-init', '--no-http', '--max-cron-threads=0'];
		const { code } = await (await context.run({ ...odooCommand(context, place, args), name: 'odoo-install' })).exited;
		assert.equal(code, 0, `${module} was not installed`);
		running = await context.run(odooCommand(context, place, ['--max-cron-threads=0']));
		const showing = { en: 'Odoo showing its sign-in page', es: 'Que Odoo muestre su página de entrada' };
		await context.until(showing, async (signal) => (await fetch(`${url}/web/login`, { signal })).ok, {
			...{ timeoutMs: START_TIMEOUT_MS, process: running },
		});
	};
	try {
		for (const step of ['ensure', 'start', 'ready'] as const) await server[step](lab.context(server));
		await ensureRole(postgresqlUrl(context), context.secret('odoo.database'));
		await recreate(postgresqlUrl(context));
		place = await preparePlace(context, source);
		await install('auth_oauth');
	} catch (thrown) {
		await stop();
		throw thrown;
	}
	return {
		...{ real: true, url, database: DATABASE, stop },
		rpc: (user, password) => new OdooRpc({ url, database: DATABASE, user, password }, { timeoutMs: CALL_MS }),
		apiKey: async (user, password) => (await OdooBrowser.signIn(url, DATABASE, user, password)).makeKey(password),
		forgetPassword: (user) =>
			execute(context, async (client) => {
				await client.query('update res_users set password = null where login = $1', [user]);
			}),
		copyAccounts: (of, people) => execute(context, (client) => copyAccounts(client, of, people)),
		installAddon: () => install('clinic_sso'),
	};
}

async function execute(context: LabContext, work: (client: pg.Client) => Promise<void>): Promise<void> {
	const address = new URL(postgresqlUrl(context));
	address.pathname = `/${DATABASE}`;
	const client = new pg.Client({ connectionString: address.href });
	await client.connect();
	await work(client).finally(() => client.end());
}
