/**
 * Reads the page of Odoo's database manager. Asking for it sends no password and changes nothing, while every form that
 * it offers *sets* the master password to what it is given as long as that is still the default (`web/controllers/database.py`).
 */
import { HubError } from '../errors.ts';

export interface ManagerPage {
	/** `list_db`: without it list, backup, restore and drop are refused. */
	enabled: boolean;
	/** The master password is still `admin`. */
	unprotected: boolean;
	/** Those that it shows, in its order. */
	databases: string[];
}

/** In every version from 14 to 18, shown or hidden: the dialog that sets the master password. */
const IS_MANAGER = /action="\/web\/database\/change_password"/;
/** That dialog asks for the old password, except while it is the default: then it holds it. */
const HOLDS_DEFAULT = /<input(?=[^>]*\btype="hidden")(?=[^>]*\bname="master_pwd")[^>]*>|\bgenerated_master_pwd\b/;
const DISABLED = /The database manager has been disabled by the administrator/;
const DATABASE = /href="\/(?:odoo|web)\?db=([^"]*)"/g;

/** @throws HubError ODOO_MANAGER_OFF when it is another page */
export function parseManagerPage(html: string): ManagerPage {
	if (!IS_MANAGER.test(html)) {
		throw new HubError(
			'ODOO_MANAGER_OFF',
			'/web/database/manager is not the page of Odoo’s database manager. Correct the address, let the proxy pass the ' +
				'hub through to /web/database, or use the direct way.',
		);
	}
	return {
		enabled: !DISABLED.test(html),
		unprotected: HOLDS_DEFAULT.test(html),
		databases: [...html.matchAll(DATABASE)].map(([, name]) => unescaped(name ?? '')),
	};
}

const ALERT = /<div[^>]*\bclass="[^"]*\balert-danger\b[^"]*"[^>]*>([\s\S]*?)<\/div>/g;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
/** Of a reason, in characters. */
const REASON_MAX = 300;

/** What the page says went wrong: the last line of its last alert, for a traceback is none; empty when there is none. */
export function reasonOf(html: string): string {
	const alert = [...html.matchAll(ALERT)].at(-1)?.[1] ?? '';
	return lastLine(unescaped(alert.replace(/<[^>]*>/g, ' ')));
}

/** The last line that is not empty, cut to what a message holds. */
export function lastLine(text: string): string {
	const lines = text.split('\n').map((line) => line.trim());
	return (lines.filter((line) => line !== '').at(-1) ?? '').slice(0, REASON_MAX);
}

function unescaped(text: string): string {
	return text.replace(/&(#\d+|#x[0-9a-f]+|\w+);/gi, (whole, name: string) => {
		if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole;
		const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1));
		return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
	});
}
