/** odoo.conf of the lab. */

export interface OdooConfiguration {
	host: string;
	port: number;
	/** Where Odoo keeps sessions and attachments. */
	dataDirectory: string;
	addons: readonly string[];
	database: { host: string; port: number; name: string; user: string; password: string };
	/** Guards making and dropping databases over HTTP, which the lab switches off besides. */
	masterPassword: string;
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
}: OdooConfiguration): string {
	const options: Record<string, string | number> = {
		admin_passwd: masterPassword,
		addons_path: addons.join(','),
		data_dir: dataDirectory,
		db_host: database.host,
		db_port: database.port,
		db_name: database.name,
		db_user: database.user,
		db_password: database.password,
		dbfilter: `^${database.name}$`,
		list_db: 'False',
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
