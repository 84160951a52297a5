/** odoo.conf of the lab. */

export interface OdooConfiguration {
	host: string;
	port: number;
	/** Where Odoo keeps sessions and attachments. */
	dataDirectory: string;
	addons: readonly string[];
	database: { host: string; port: number; name: string; user: string; password: string };
	/** Guards backing up, restoring and dropping databases over HTTP. */
	masterPassword: string;
	/** The database manager answers, for every database of the role; otherwise it is off, and one database served. */
	manager: boolean;
}

/** Seconds a request may take; installing an addon in the browser takes longer than Odoo's 120. */
const REQUEST_SECONDS = 600;

/** The text of the file; it holds passwords. */
export function configurationText({
	host,
	port,
	dataDirectory,
	addons,
	database,
	masterPassword,
	manager,
}: OdooConfiguration): string {
	const options: Record<string, string | number> = {
		admin_passwd: masterPassword,
		addons_path: addons.join(','),
		data_dir: dataDirectory,
		db_host: database.host,
		db_port: database.port,
		db_user: database.user,
		db_password: database.password,
		// With a name and no filter Odoo would serve the manager that one database only.
		...(manager ? {} : { db_name: database.name }),
		dbfilter: manager ? '.*' : `^${database.name}$`,
		list_db: manager ? 'True' : 'False',
		http_interface: host,
		http_port: port,
		limit_time_real: REQUEST_SECONDS,
		without_demo: 'all',
		// One process: its job threads are woken by the confirming transaction itself.
		workers: 0,
		max_cron_threads: 2,
	};
	const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
	return `[options]\n${lines.join('\n')}\n`;
}
