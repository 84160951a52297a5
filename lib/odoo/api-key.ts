/** When the API key ends by which the hub signs in: Odoo tells the dates of a user's keys, not which one was used. */
import type { OdooRpc } from './rpc.ts';

export interface ApiKeys {
	/** Keys for RPC that have not ended. 0: the hub signs in by a password. */
	count: number;
	/** The earliest end among them, ms since 1970; undefined when none of them ends. */
	firstEnd: number | undefined;
}

/** Before a key ends, in days: time to find somebody who makes a new one. */
export const KEY_WARN_DAYS = 14;

/** Whole days until `end`. */
export function daysUntil(end: number, now: number): number {
	return Math.floor((end - now) / DAY_MS);
}

const DAY_MS = 86_400_000;

/** Keys made for one purpose, such as a mail client's, do not open RPC. */
const FOR_RPC = [false, 'rpc'];

/** @throws HubError as `OdooRpc.call` */
export async function apiKeysOf(odoo: OdooRpc): Promise<ApiKeys> {
	const uid = await odoo.signIn();
	const fields = ['scope', 'expiration_date'];
	const rows = await odoo.call('res.users.apikeys', 'search_read', [[['user_id', '=', uid]]], { fields });
	const keys = (rows as { scope: string | false; expiration_date: string | false }[]).filter(({ scope }) =>
		FOR_RPC.includes(scope),
	);
	const ends = keys
		.map(({ expiration_date: end }) => (end ? Date.parse(`${end.replace(' ', 'T')}Z`) : Number.POSITIVE_INFINITY))
		// A key that has ended is not the one that just signed in.
		.filter((end) => end > Date.now());
	const first = Math.min(...ends);
	return { count: ends.length, firstEnd: Number.isFinite(first) ? first : undefined };
}
