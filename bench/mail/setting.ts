/** What every party of the mail bench has in common. */

export interface WorkerOptions {
	/** URL of the broker. */
	amqp: string;
	queue: string;
	smtpPort: number;
	/** URL of a PostgreSQL store; without it the ledger is an SQLite file in `directory`. */
	storeUrl?: string;
	directory: string;
}

export const POOL = 10;
export const FROM = { name: 'Clínica', address: 'compras@clinica.test' };
export const ORIGIN = 'https://odoo.clinica.test';
