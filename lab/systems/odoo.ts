/** The real Odoo 18 with the purchase mail addon and a fictitious clinic, from the source that ODOO_SRC names. */
import path from 'node:path';
import { DATABASE, ROLE, setBaseUrl } from '../odoo/database.ts';
import { followKeycloak, SYNC_LOGIN } from '../odoo/follow.ts';
import { ensureInstalled } from '../odoo/installation.ts';
import { odooCommand, type Place, preparePlace } from '../odoo/place.ts';
import { checkSource, PYTHON, packagesOf } from '../odoo/source.ts';
import type { LabContext, LabProcess, System } from '../system.ts';
import { issuerOf } from './keycloak.ts';
import { postgresqlUrl } from './postgresql.ts';

/** What a new database of Odoo has. */
const ADMINISTRATOR = { user: 'admin', password: 'admin' };

/** Loading the modules took 4 s alone, in ms. */
const START_TIMEOUT_MS = 120_000;

/** Odoo waits for its requests and jobs; a job that is killed while it publishes does so again after its lease. In ms. */
const STOP_GRACE_MS = 5_000;

export interface OdooOptions {
	/** Directory of Odoo 18's source. */
	source: string;
	/** Variables by which the addon finds its broker. Default: the lab's RabbitMQ as its user `odoo`. */
	broker?: Record<string, string>;
	/** Modules to install besides. Default none. */
	modules?: readonly string[];
	/** Further arguments of Odoo itself, such as `--workers=2`. Default none. */
	args?: readonly string[];
	/** Whether the database manager answers. Default no, as in production. */
	manager?: boolean;
	/** Whether its users follow the lab's Keycloak; needs the module `clinic_sso`. Default no. */
	follows?: boolean;
}

/** A system of its own for each lab, because it remembers its process. */
export function odoo(options: OdooOptions): System {
	let running: LabProcess | undefined;
	let place: Place | undefined;
	const source = path.resolve(options.source);
	return {
		name: 'odoo',
		needs: ['postgresql', 'rabbitmq'],
		ports: { web: 8069 },
		packages: packagesOf(source),
		commands: [PYTHON],
		modules: ['pika'],
		async ensure(context) {
			checkSource(source);
			place = await preparePlace(context, source, options.manager);
			await ensureInstalled(context, place, options.modules ?? []);
			await setBaseUrl(postgresqlUrl(context), odooUrl(context));
		},
		async start(context) {
			if (place === undefined) return;
			const { env, ...command } = odooCommand(context, place, options.args);
			running = await context.run({ ...command, env: { ...env, ...(options.broker ?? brokerOfLab(context)) } });
		},
		async ready(context) {
			const page = `${context.endpoint('odoo', 'web').url}/web/login`;
			await context.until(
				{ en: 'Odoo showing its sign-in page', es: 'Que Odoo muestre su página de entrada' },
				async (signal) => (await fetch(page, { signal })).ok,
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
			if (options.follows) await followLabKeycloak(context);
		},
		async stop() {
			await running?.stop({ graceMs: STOP_GRACE_MS });
			running = undefined;
		},
		variables: (context) => ({
			...odooVariables(context),
			...databaseVariables(context, place),
			...(options.manager ? { ODOO_MASTER_PASSWORD: context.secret('odoo.master') } : {}),
			...(options.follows ? syncVariables(context) : {}),
		}),
		addresses: (context) => [
			{
				what: { en: 'Odoo 18', es: 'Odoo 18' },
				url: `${odooUrl(context)}/web?debug=1`,
				...ADMINISTRATOR,
				hint: {
					en: 'Purchase: open a draft and press “Confirm Order”',
					es: 'Compra: abra un borrador y pulse «Confirmar orden»',
				},
			},
		],
	};
}

/** Lets it follow the lab's Keycloak, real or stand-in. */
export async function followLabKeycloak(context: LabContext): Promise<void> {
	const { url } = context.endpoint('odoo', 'web');
	const password = context.secret('odoo.sync');
	await followKeycloak({ url, administrator: ADMINISTRATOR, issuer: issuerOf(context), password });
}

/** The account by which the hub lets it follow. */
export function syncVariables(context: LabContext): Record<string, string> {
	return { ODOO_SYNC_USER: SYNC_LOGIN, ODOO_SYNC_KEY: context.secret('odoo.sync') };
}

/** The address that people open and that stands in the links of mails. */
export function odooUrl(context: LabContext): string {
	return context.endpoint('odoo', 'web').openUrl;
}

/** How the hub and the acceptance test reach Odoo, real or stand-in. */
export function odooVariables(context: LabContext): Record<string, string> {
	return {
		ODOO_URL: odooUrl(context),
		ODOO_DATABASE: DATABASE,
		ODOO_USER: ADMINISTRATOR.user,
		ODOO_PASSWORD: ADMINISTRATOR.password,
	};
}

/** The database past Odoo, by which what was restored is counted. */
function databaseVariables(context: LabContext, place: Place | undefined): Record<string, string> {
	if (place === undefined) return {};
	const { host, port } = context.endpoint('postgresql', 'sql');
	return {
		ODOO_PG_HOST: host,
		ODOO_PG_PORT: String(port),
		ODOO_PG_USER: ROLE,
		ODOO_PG_PASSWORD: context.secret('odoo.database'),
		ODOO_FILESTORE: path.join(place.directory, 'data', 'filestore'),
	};
}

/** The lab's RabbitMQ under the names that the addon reads. */
export function brokerOfLab(context: LabContext): Record<string, string> {
	const { AMQP_HOST, AMQP_PORT, AMQP_VHOST, AMQP_ODOO_USER, AMQP_ODOO_PASSWORD } = context.variables();
	const names = { AMQP_HOST, AMQP_PORT, AMQP_VHOST, AMQP_USER: AMQP_ODOO_USER, AMQP_PASSWORD: AMQP_ODOO_PASSWORD };
	return Object.fromEntries(Object.entries(names).filter((entry): entry is [string, string] => Boolean(entry[1])));
}
