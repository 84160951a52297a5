/**
 * Every failure this project can name. One code a failure, so that tests, audit records and documentation can refer to
 * it; `retryable` is the default when the same call may succeed later without anybody changing anything.
 */
const ERROR_CODES = {
	/** A field of a node, a variable or a command line is missing or malformed. */
	CONFIG_INVALID: { retryable: false },
	/** The operation was cancelled by a person or by shutting down. */
	CANCELLED: { retryable: true },
	/** A wait ran into its deadline. */
	TIMEOUT: { retryable: true },
	/** A bug: something that was thought impossible. */
	INTERNAL: { retryable: false },

	/** The broker cannot be reached (refused, DNS, cut). */
	AMQP_UNREACHABLE: { retryable: true },
	/** The broker refuses user, password or virtual host. */
	AMQP_CREDENTIALS: { retryable: false },
	/** The broker refuses a right that an operation needs. */
	AMQP_FORBIDDEN: { retryable: false },
	/** A queue or an exchange exists with other arguments than asked for. */
	AMQP_MISMATCH: { retryable: false },
	/** A queue or an exchange is missing. */
	AMQP_NOT_FOUND: { retryable: true },
	/** Another consumer holds the queue exclusively. */
	AMQP_EXCLUSIVE: { retryable: true },
	/** The broker returned a message that no queue would take. */
	AMQP_UNROUTABLE: { retryable: true },
	/** The broker did not confirm a message (nack, or the channel closed before). */
	AMQP_NOT_CONFIRMED: { retryable: true },

	/** The SMTP server cannot be reached, or answers with a temporary refusal. */
	SMTP_TEMPORARY: { retryable: true },
	/** The SMTP server refuses this mail for good. */
	SMTP_PERMANENT: { retryable: false },
	/** The connection broke after the whole mail was handed over: it may or may not have been accepted. */
	SMTP_UNKNOWN: { retryable: true },
	/** The SMTP server refuses the hub itself: credentials, greeting, block list. */
	SMTP_REFUSED: { retryable: true },

	/** A message is not JSON, too large, or does not match its schema. */
	MESSAGE_INVALID: { retryable: false },
	/** A message has a major version that this worker does not know. */
	MESSAGE_VERSION: { retryable: false },
	/** A message is unsigned, or its signature is wrong, where a key is configured. */
	MESSAGE_SIGNATURE: { retryable: false },
	/** A message comes from a database that is not on the list. */
	MESSAGE_SOURCE: { retryable: false },
	/** A template cannot be parsed or rendered. */
	TEMPLATE_INVALID: { retryable: false },
	/** A document cannot be fetched now. */
	DOCUMENT_UNAVAILABLE: { retryable: true },
	/** A document may not be fetched: foreign origin, redirect, too large, wrong type. */
	DOCUMENT_REFUSED: { retryable: false },
	/** A draft given to the flow did not come back in time. */
	DRAFT_MISSING: { retryable: true },
	/** A draft came back late, twice, or with a token that was never given out. */
	DRAFT_REFUSED: { retryable: false },

	/** A guard stops a synchronisation of users as a whole; nothing was changed. */
	IDENTITY_STOPPED: { retryable: true },
	/** A held plan is not what would be done any more, or somebody has decided on it already. */
	PLAN_STALE: { retryable: false },

	/** Whoever decides would gain by it. */
	IDENTITY_GAIN: { retryable: false },
	/** The decision needs a lease that another run holds. */
	IDENTITY_BUSY: { retryable: true },

	/** The store cannot be opened, read or written. */
	STORE_UNAVAILABLE: { retryable: true },
	/** The store was written by a newer version of this package. */
	STORE_VERSION: { retryable: false },
	/** What lies encrypted in the store cannot be opened with the keys at hand. */
	STORE_KEY: { retryable: false },
	/** A lease was lost to another owner. */
	LEASE_LOST: { retryable: true },

	/** A key is none of the kind asked for, or does not open what it should. */
	KEY_INVALID: { retryable: false },
	/** A demonstration key where the data is real. */
	KEY_DEMO: { retryable: false },
	/** Nobody has decrypted a test file with the recovery key yet. */
	KEY_UNPROVEN: { retryable: false },
	/** No database was found where at least one was to be backed up. */
	BACKUP_NOTHING: { retryable: false },
	/** The source gave a page with a reason in place of a backup. */
	BACKUP_REFUSED: { retryable: false },
	/** What the source gave is no whole backup: empty, cut, or damaged. */
	BACKUP_SPOILED: { retryable: true },
	/** The record of a backup is unsigned, signed by nobody who is trusted, or says something else than what lies there. */
	BACKUP_UNTRUSTED: { retryable: false },
	/** An encrypted backup was cut or changed after it was written. */
	BACKUP_ALTERED: { retryable: false },
	/** The spool has too little space left for a backup. */
	SPOOL_FULL: { retryable: false },
	/** The spool's folder cannot be read or written. */
	SPOOL_UNAVAILABLE: { retryable: true },
	/** A restored database differs from its backup. */
	DRILL_FAILED: { retryable: false },

	/** Odoo cannot be reached, or the connection broke. */
	ODOO_UNREACHABLE: { retryable: true },
	/** Odoo refuses the master password, the login or the API key. */
	ODOO_CREDENTIALS: { retryable: false },
	/** The account of Odoo lacks a right. */
	ODOO_FORBIDDEN: { retryable: false },
	/** Odoo's database manager still has its default master password: any other one that is sent would become it. */
	ODOO_UNPROTECTED: { retryable: false },
	/** Odoo's database manager is switched off, or hidden behind a proxy. */
	ODOO_MANAGER_OFF: { retryable: false },
	/** Odoo does not know the database. */
	ODOO_DATABASE_UNKNOWN: { retryable: false },
	/** A database with that name is there already. */
	ODOO_DATABASE_EXISTS: { retryable: false },
	/** Odoo refuses a call for another reason, which stands in the message. */
	ODOO_REFUSED: { retryable: false },
	/** PostgreSQL cannot be reached, or the connection broke. */
	POSTGRESQL_UNREACHABLE: { retryable: true },
	/** PostgreSQL refuses user, password or a right. */
	POSTGRESQL_FORBIDDEN: { retryable: false },
	/** PostgreSQL's programs are missing, or older than the server. */
	POSTGRESQL_CLIENT: { retryable: false },
	/** One of PostgreSQL's programs, or the server, failed at its work. */
	POSTGRESQL_FAILED: { retryable: false },
	/** Odoo's folder of attachments cannot be read or written. */
	FILESTORE_UNAVAILABLE: { retryable: false },
	/** A dump holds commands that would run outside of the database. */
	DUMP_UNSAFE: { retryable: false },
	/** A restore was not confirmed by typing the name of its database. */
	RESTORE_UNCONFIRMED: { retryable: false },
	/** A database was not made by a drill, and is not dropped by one. */
	DRILL_FOREIGN: { retryable: false },

	/** Keycloak cannot be reached, fails by itself, or the connection broke. */
	KEYCLOAK_UNREACHABLE: { retryable: true },
	/** Keycloak, or a proxy before it, asks for fewer calls. */
	KEYCLOAK_BUSY: { retryable: true },
	/** Keycloak refuses the client or its secret. */
	KEYCLOAK_CREDENTIALS: { retryable: false },
	/** The client lacks a right. */
	KEYCLOAK_FORBIDDEN: { retryable: false },
	/** Another realm answers, or this one under another name. */
	KEYCLOAK_ISSUER: { retryable: false },
	/** Keycloak does not know the realm. */
	KEYCLOAK_REALM: { retryable: false },
	/** The realm shows no user at all: a lost right, never a clinic without people. */
	KEYCLOAK_EMPTY: { retryable: false },
	/** What answers is not Keycloak, or not its administration. */
	KEYCLOAK_REFUSED: { retryable: false },

	/** Google cannot be reached, or fails by itself for too long. */
	DRIVE_UNREACHABLE: { retryable: true },
	/** Google asks for fewer calls, or the 750 GB of a day are used up. */
	DRIVE_BUSY: { retryable: true },
	/** The consent was withdrawn, has expired, or was given for too little. */
	DRIVE_CONSENT: { retryable: false },
	/** A consent was denied, or came back outdated, twice or to another browser. */
	DRIVE_CONSENT_REFUSED: { retryable: false },
	/** Google refuses the OAuth client or the service account's key. */
	DRIVE_CREDENTIALS: { retryable: false },
	/** The account's role, the scope or the console's settings do not allow it. */
	DRIVE_FORBIDDEN: { retryable: false },
	/** No space is left. */
	DRIVE_FULL: { retryable: false },
	/** The folder or the file does not exist, or is not visible to this account. */
	DRIVE_NOT_FOUND: { retryable: false },
	/** What lies in Drive is not what was sent. */
	DRIVE_MISMATCH: { retryable: true },
	/** Google does not understand or accept a call. */
	DRIVE_REFUSED: { retryable: false },

	/** A stored secret would go to another address than it was given for. */
	SECRET_RETYPE: { retryable: false },
	/** The person may not do this. */
	FORBIDDEN: { retryable: false },
	/** The thing that an operation names does not exist (any more). */
	NOT_FOUND: { retryable: false },
	/** An HTTP server cannot be reached, or answers more than anybody should read. */
	HTTP_UNREACHABLE: { retryable: true },
	/** A notice could not be delivered by any of its channels. */
	NOTICE_FAILED: { retryable: true },

	/** A lab of this directory runs already. */
	LAB_RUNNING: { retryable: false },
	/** Something else on this machine listens on a port that the lab needs. */
	PORT_TAKEN: { retryable: false },
	/** Packages that the lab needs are not installed, and it may not or cannot install them. */
	PACKAGES_MISSING: { retryable: false },
} as const satisfies Record<string, { retryable: boolean }>;

export type HubErrorCode = keyof typeof ERROR_CODES;

/** Every code, for catalogues and documentation that must name them all. */
export const HUB_ERROR_CODES = Object.keys(ERROR_CODES) as HubErrorCode[];

/** A failure with a stable code and a message for the person who reads it: what happened, what to do next. */
export class HubError extends Error {
	readonly code: HubErrorCode;
	/** True when the same call may succeed later without anybody changing anything. */
	readonly retryable: boolean;

	/**
	 * @param code which failure this is
	 * @param message what happened and what to do next; no secret, no address, no patient datum
	 */
	constructor(code: HubErrorCode, message: string, options: { cause?: unknown; retryable?: boolean } = {}) {
		super(message, options.cause === undefined ? undefined : { cause: options.cause });
		this.name = 'HubError';
		this.code = code;
		this.retryable = options.retryable ?? ERROR_CODES[code].retryable;
	}
}

/** Turns whatever was thrown into a `HubError`; a foreign error becomes `INTERNAL` with its first line as text. */
export function toHubError(thrown: unknown): HubError {
	if (thrown instanceof HubError) return thrown;
	const text = thrown instanceof Error ? thrown.message : String(thrown);
	return new HubError('INTERNAL', text.split('\n', 1)[0] || 'Unknown error', { cause: thrown });
}
