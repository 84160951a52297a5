/** Two accounts may exchange their logins; Odoo has each login once at any moment, so the order matters. */
import type { Account, Line } from './model.ts';

type Update = Extract<Line, { kind: 'update' }>;

/** What an account is called for the moment in which its login and another's change places. */
export const parkedLogin = (account: number) => `clinic-hub-renaming-${account}`;

/**
 * The lines with the updates in an order in which no login is taken twice. Where they form a ring, the first is moved out
 * of the way by a line of its own.
 */
export function orderLogins(lines: readonly Line[], accounts: readonly Account[]): Line[] {
	const isRename = (line: Line): line is Update => line.kind === 'update' && line.values.login !== undefined;
	let waiting = lines.filter(isRename);
	const ordered: Line[] = lines.filter((line) => !isRename(line));
	const holders = new Map(accounts.map(({ id, login }) => [login, id]));
	const logins = new Map(accounts.map(({ id, login }) => [id, login]));
	const release = (account: number) => holders.delete(logins.get(account) ?? '');
	const holderOf = ({ values }: Update) => holders.get(values.login ?? '');
	while (waiting.length > 0) {
		const movers = new Set(waiting.map(({ account }) => account));
		const free = waiting.filter((line) => {
			const holder = holderOf(line);
			return holder === undefined || holder === line.account || !movers.has(holder);
		});
		for (const line of free) {
			ordered.push(line);
			release(line.account);
		}
		waiting = waiting.filter((line) => !free.includes(line));
		const [first] = waiting;
		if (free.length > 0 || !first) continue;
		const login = parkedLogin(first.account);
		ordered.push({ ...first, values: { login }, before: { login: first.login } });
		release(first.account);
	}
	return ordered;
}
