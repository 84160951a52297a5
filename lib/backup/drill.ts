/**
 * Whether a restored database is the one that was backed up: rows of every table against the signed record, except for a
 * few tables that neutralising is known to change, each within what was measured; and every attachment.
 */

/** How many rows more or fewer a table may have after neutralising. */
export interface Allowance {
	/** Most that may be missing; `all`: the table may be empty afterwards. */
	fewer: number | 'all';
	/** Most that may be added. */
	more: number;
	/** Why, for the report. */
	why: string;
}

/**
 * Odoo 18's `neutralize.sql` files that insert or delete (all others only update), and what opening a restored database
 * does by itself. A table that is not listed must agree.
 */
export const ALLOWANCES: Readonly<Record<string, Allowance>> = {
	ir_mail_server: { fewer: 0, more: 1, why: 'base adds a server that reaches nobody' },
	ir_config_parameter: {
		// mail removes up to three keys, cloud_storage one, its providers five and two, website_event_jitsi one, and this
		// project's clinic_purchase_mail three.
		fewer: 15,
		more: 1,
		why: 'base adds the mark database.is_neutralized; keys of push messages, cloud storage, Jitsi and the broker are removed',
	},
	mail_push: { fewer: 'all', more: 0, why: 'mail removes waiting push messages' },
	mail_push_device: { fewer: 'all', more: 0, why: 'mail removes the devices of push messages' },
};

/** In a minute of jobs; a clinic with more modules has more of them. */
const ADDED = 1_000;

/**
 * Of a database that goes into service by the manager: Odoo looks for due jobs once a minute (`SLEEP_INTERVAL` in
 * `odoo/service/server.py`), also while the manager still loads the modules, so that some may have run before anybody can
 * count.
 *
 * Measured with Odoo 18.0, 47 modules and two threads for jobs, every table counted 0 to 240 s after the restore. In the
 * first 15 s nothing differed. After 60 s, of a backup restored at once: `ir_cron_progress` 21 → 27, `ir_cron_trigger` 7 → 3.
 * Of one that was a day old, so that all 22 jobs were due, `ir_cron_progress` 21 → 43 and the others of this list: `bus_bus`
 * 11 → 0, `res_users_log` 6 → 1, `mail_message` 49 → 52, `mail_mail` 0 → 3, `digest_tip_res_users_rel` 0 → 3. Fewer messages
 * or mails are none of it: those that waited were sent, which a person should know.
 */
export const LIVE_ALLOWANCES: Readonly<Record<string, Allowance>> = {
	ir_cron_trigger: { fewer: 'all', more: ADDED, why: 'jobs that were due have run' },
	ir_cron_progress: { fewer: 'all', more: ADDED, why: 'jobs write down what they do' },
	bus_bus: {
		fewer: 'all',
		more: ADDED,
		why: 'notices to browsers go after 100 s (_gc_messages), and jobs add some',
	},
	res_users_log: { fewer: 'all', more: 0, why: 'of each person the last sign-in is kept (_gc_user_logs)' },
	mail_message: { fewer: 0, more: ADDED, why: 'jobs that were due have written, as the digest does' },
	mail_mail: { fewer: 0, more: ADDED, why: 'jobs that were due have written, as the digest does' },
	digest_tip_res_users_rel: { fewer: 0, more: ADDED, why: 'the digest remembers whom it gave which tip' },
};

/** What is used of a record whose signature was checked. */
export interface ExpectedContent {
	/** Rows by table. */
	tables: Readonly<Record<string, number>>;
	attachments: { named: number; stored: number; late: readonly string[]; missing: readonly string[] };
	/** Of a `dump` attachments are not compared: it holds none. Default `zip`. */
	format?: 'zip' | 'dump';
}

/** What was found in the scratch database and in its filestore. */
export interface RestoredContent {
	tables: Readonly<Record<string, number>>;
	/** Distinct files that `ir_attachment` names, and those of them that are there and hash to their name. */
	attachments: { named: number; stored: number };
}

export interface TableDifference {
	table: string;
	/** Null: the table is not in the record. */
	expected: number | null;
	/** Null: the table is not in the restored database. */
	found: number | null;
	/** The reason of the allowance that covers it; null when nothing does. */
	allowed: string | null;
}

export interface DrillComparison {
	passed: boolean;
	/** Tables compared, and those that agree to the row. */
	tables: number;
	same: number;
	/** Rows of the backup. */
	rows: number;
	/** The unallowed ones first, then by name. */
	differences: TableDifference[];
	attachments: {
		/** Files that the record says are in the backup, and those found whole after restoring it. */
		expected: number;
		found: number;
		/** How many attachments name a file, in the record and in the restored database. */
		namedExpected: number;
		namedFound: number;
		agree: boolean;
	};
}

/** @param allowances by table; default Odoo's own */
export function compareRestored(
	expected: ExpectedContent,
	found: RestoredContent,
	allowances: Readonly<Record<string, Allowance>> = ALLOWANCES,
): DrillComparison {
	const names = new Set([...Object.keys(expected.tables), ...Object.keys(found.tables)]);
	const differences = [...names].flatMap((table): TableDifference[] => {
		const [before, after] = [own(expected.tables, table), own(found.tables, table)];
		if (before === after && before !== null) return [];
		return [{ table, expected: before, found: after, allowed: allowedBy(own(allowances, table), before, after) }];
	});
	differences.sort((a, b) => Number(a.allowed !== null) - Number(b.allowed !== null) || (a.table < b.table ? -1 : 1));
	const attachments = compareAttachments(expected, found);
	const rows = Object.values(expected.tables).reduce((sum, count) => sum + count, 0);
	return {
		// Nothing compared is nothing proven.
		passed: Object.keys(expected.tables).length > 0 && differences.every(isAllowed) && attachments.agree,
		tables: names.size,
		same: names.size - differences.length,
		rows,
		differences,
		attachments,
	};
}

const isAllowed = ({ allowed }: TableDifference) => allowed !== null;

/** A table may be called `constructor`. */
function own<T>(values: Readonly<Record<string, T>>, name: string): T | null {
	return Object.hasOwn(values, name) ? (values[name] ?? null) : null;
}

function allowedBy(allowance: Allowance | null, before: number | null, after: number | null): string | null {
	if (!allowance || before === null || after === null) return null;
	const fewest = allowance.fewer === 'all' ? 0 : before - allowance.fewer;
	return after >= fewest && after <= before + allowance.more ? allowance.why : null;
}

function compareAttachments(expected: ExpectedContent, found: RestoredContent): DrillComparison['attachments'] {
	const { named, stored } = expected.attachments;
	return {
		expected: stored,
		found: found.attachments.stored,
		namedExpected: named,
		namedFound: found.attachments.named,
		agree: expected.format === 'dump' || (found.attachments.stored === stored && found.attachments.named === named),
	};
}
