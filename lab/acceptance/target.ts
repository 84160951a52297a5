/** The deployment that is accepted: the running lab, or one that variables name. */
import { splitKeys } from '../../lib/backup/keys.ts';
import { publicKeyOf } from '../../lib/backup/signature.ts';
import { HubError } from '../../lib/errors.ts';
import type { PostgresqlAddress } from '../../lib/odoo/postgresql.ts';
import type { Language } from '../language.ts';
import { say } from '../language.ts';

/** The acceptance tests by name, in the order in which they run. */
export const TESTS = ['backup', 'mail'] as const;
export type TestName = (typeof TESTS)[number];

type Variables = Readonly<Record<string, string | undefined>>;

export interface HubTarget {
	url: string;
	token: string | undefined;
}

export interface MailTarget {
	odoo: { url: string; database: string; user: string; password: string };
	broker: { url: string; user: string; password: string; vhost: string; queue: string };
	hub: HubTarget;
	inbox: { url: string };
	/** Where the supplier of the test reads mail; the inbox must show what arrives there. */
	recipient: string;
}

export interface BackupTarget {
	hub: HubTarget;
	odoo: {
		url: string;
		database: string;
		/** Undefined where the database manager is off. */
		masterPassword: string | undefined;
		/** The database past Odoo; undefined where only the manager is reached. */
		direct: { postgres: Omit<PostgresqlAddress, 'database'>; filestore: string } | undefined;
	};
	/** By which the folder in Google Drive is reached, as the command `clinic-hub` does. */
	drive: Variables;
	/** Public keys whose records are believed. */
	verifying: string[];
	/** Secret: what the stock program gets. */
	recoveryKey: string;
	/** The lab answers at once; a deployment has larger databases. */
	lab: boolean;
}

export interface Targets {
	backup?: BackupTarget;
	mail?: MailTarget;
}

/** The variable and its default; undefined: a deployment must set it. `HUB_URL` decides that a deployment is meant. */
const DEFAULTS = {
	HUB_URL: undefined,
	ODOO_URL: undefined,
	ODOO_DATABASE: undefined,
	ODOO_USER: undefined,
	ODOO_PASSWORD: undefined,
	AMQP_MANAGEMENT_URL: undefined,
	AMQP_ADMIN_USER: undefined,
	AMQP_ADMIN_PASSWORD: undefined,
	SMTP_INBOX_URL: undefined,
	AMQP_VHOST: '/',
	AMQP_QUEUE: 'purchase_confirmation_queue',
	HUB_ACCEPT_RECIPIENT: 'aceptacion@proveedor.example',
	HUB_ACCEPT_RECOVERY_KEY: undefined,
	HUB_BACKUP_VERIFYING_KEYS: undefined,
	HUB_TOKEN: '',
	ODOO_MASTER_PASSWORD: undefined,
	ODOO_FILESTORE: undefined,
	ODOO_PG_PORT: '5432',
	ODOO_PG_USER: 'odoo',
	ODOO_PG_PASSWORD: '',
	DRIVE_SERVICE_ACCOUNT: undefined,
	DRIVE_FOLDER: undefined,
} as const satisfies Record<string, string | undefined>;

const MISSING = {
	en: 'To accept a deployment these variables are missing: {names}. Without HUB_URL the lab on this machine is accepted.',
	es: 'Para aceptar un despliegue faltan estas variables: {names}. Sin HUB_URL se acepta el laboratorio de esta máquina.',
};

/** True when the variables name a deployment. */
export function namesDeployment(env: NodeJS.ProcessEnv): boolean {
	return Boolean(env.HUB_URL);
}

/** Reads values and remembers what is missing. */
class Reader {
	readonly missing = new Set<string>();
	readonly variables: Variables;

	constructor(variables: Variables) {
		this.variables = variables;
	}

	readonly read = (name: keyof typeof DEFAULTS): string => {
		const value = this.variables[name] || DEFAULTS[name];
		if (value === undefined) this.missing.add(name);
		return value ?? '';
	};

	readonly address = (name: keyof typeof DEFAULTS): string => this.read(name).replace(/\/+$/, '');

	has(name: string): boolean {
		return Boolean(this.variables[name]);
	}
}

/**
 * What the chosen tests need, from the variables of a lab or a deployment.
 * @throws HubError `CONFIG_INVALID` naming those that are missing, `KEY_INVALID`
 */
export function targetsFrom(
	variables: Variables,
	{ tests, lab, language }: { tests: readonly TestName[]; lab: boolean; language: Language },
): Targets {
	const reader = new Reader(variables);
	const mail = tests.includes('mail') ? mailTarget(reader) : undefined;
	const backup = tests.includes('backup') ? backupTarget(reader, lab) : undefined;
	if (reader.missing.size > 0) {
		throw new HubError('CONFIG_INVALID', say(language, MISSING, { names: [...reader.missing].join(', ') }));
	}
	return { ...(mail ? { mail } : {}), ...(backup ? { backup } : {}) };
}

function hubTarget({ address, read }: Reader): HubTarget {
	return { url: address('HUB_URL'), token: read('HUB_TOKEN') || undefined };
}

function mailTarget(reader: Reader): MailTarget {
	const { read, address } = reader;
	return {
		odoo: {
			url: address('ODOO_URL'),
			database: read('ODOO_DATABASE'),
			user: read('ODOO_USER'),
			password: read('ODOO_PASSWORD'),
		},
		broker: {
			url: address('AMQP_MANAGEMENT_URL'),
			user: read('AMQP_ADMIN_USER'),
			password: read('AMQP_ADMIN_PASSWORD'),
			vhost: read('AMQP_VHOST'),
			queue: read('AMQP_QUEUE'),
		},
		hub: hubTarget(reader),
		inbox: { url: address('SMTP_INBOX_URL') },
		recipient: read('HUB_ACCEPT_RECIPIENT'),
	};
}

function backupTarget(reader: Reader, lab: boolean): BackupTarget {
	const { read, address, variables } = reader;
	const direct = reader.has('ODOO_PG_HOST');
	// A person's consent lies in the hub's store, and its folder is the hub's own.
	if (!reader.has('DRIVE_CLIENT_ID')) for (const name of ['DRIVE_SERVICE_ACCOUNT', 'DRIVE_FOLDER'] as const) read(name);
	const signing = variables['HUB_BACKUP_SIGNING_KEY'];
	return {
		hub: hubTarget(reader),
		odoo: {
			url: address('ODOO_URL'),
			database: read('ODOO_DATABASE'),
			masterPassword: direct && !reader.has('ODOO_MASTER_PASSWORD') ? undefined : read('ODOO_MASTER_PASSWORD'),
			direct: direct
				? {
						postgres: {
							host: variables['ODOO_PG_HOST'] ?? '',
							port: Number(read('ODOO_PG_PORT')),
							user: read('ODOO_PG_USER'),
							password: read('ODOO_PG_PASSWORD'),
						},
						filestore: read('ODOO_FILESTORE'),
					}
				: undefined,
		},
		drive: variables,
		verifying:
			signing && !reader.has('HUB_BACKUP_VERIFYING_KEYS')
				? [publicKeyOf(signing)]
				: splitKeys(read('HUB_BACKUP_VERIFYING_KEYS')),
		recoveryKey: read('HUB_ACCEPT_RECOVERY_KEY'),
		lab,
	};
}
