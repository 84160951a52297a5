/** The lab's Odoo database, seen from PostgreSQL. Each `url` is that of the server's superuser. */
import pg from 'pg';

export const DATABASE = 'clinica';

/** Odoo refuses to run with the role `postgres`. */
export const ROLE = 'odoo';

/** Connects, lends the client and closes it; throws what PostgreSQL says. */
async function withClient<T>(url: string, use: (client: pg.Client) => Promise<T>, database?: string): Promise<T> {
	const address = new URL(url);
	if (database !== undefined) address.pathname = `/${database}`;
	const client = new pg.Client({ connectionString: address.href });
	await client.connect();
	try {
		return await use(client);
	} finally {
		await client.end();
	}
}

/** Makes the role or gives it this password. */
export async function ensureRole(url: string, password: string): Promise<void> {
	await withClient(url, async (client) => {
		const found = await client.query('select 1 from pg_roles where rolname = $1', [ROLE]);
		const verb = found.rowCount ? 'alter' : 'create';
		await client.query(`${verb} role ${ROLE} login createdb password ${pg.escapeLiteral(password)}`);
	});
}

/** True when the database exists and the module is completely installed in it. */
export async function isInstalled(url: string, module: string): Promise<boolean> {
	const exists = await withClient(url, (client) =>
		client.query('select 1 from pg_database where datname = $1', [DATABASE]),
	);
	if (!exists.rowCount) return false;
	return withClient(
		url,
		async (client) => {
			const table = await client.query<{ name: string | null }>("select to_regclass('ir_module_module') as name");
			if (table.rows[0]?.name === null) return false;
			const query = "select 1 from ir_module_module where name = $1 and state = 'installed'";
			return Boolean((await client.query(query, [module])).rowCount);
		},
		DATABASE,
	);
}

/** Makes an empty database of Odoo's role in the place of whatever was there. */
export async function recreate(url: string): Promise<void> {
	await withClient(url, async (client) => {
		await client.query(`drop database if exists ${DATABASE} with (force)`);
		await client.query(`create database ${DATABASE} owner ${ROLE} template template0`);
	});
}

/** Sets the address that Odoo puts into links, and keeps it whatever address the administrator signs in by. */
export async function setBaseUrl(url: string, address: string): Promise<void> {
	const statement = `insert into ir_config_parameter (key, value) values ($1, $2)
		on conflict (key) do update set value = excluded.value`;
	await withClient(
		url,
		async (client) => {
			await client.query(statement, ['web.base.url', address]);
			await client.query(statement, ['web.base.url.freeze', 'True']);
		},
		DATABASE,
	);
}
