/** Nobody gets a login that another account has and keeps, nor one that looks like it. Pure. */
import type { Account, Conflict, Line } from './model.ts';
import { folded, skeleton } from './names.ts';
import { quoted } from './wanted.ts';

/**
 * The lines without what would need such a login: a create goes, an update loses its new login. A login is free when its
 * account gets another one by these same lines; taking one line out can take that away from the next, hence again.
 */
export function keepLogins(
	lines: readonly Line[],
	accounts: readonly Account[],
): { lines: Line[]; conflicts: Conflict[] } {
	const logins = new Map(accounts.map((account) => [folded(account.login), account]));
	const alike = new Map(accounts.map((account) => [skeleton(account.login), account]));
	const conflicts: Conflict[] = [];
	const refusal = (line: Line, login: string, movers: ReadonlySet<number>): Conflict | undefined => {
		const keeps = (account: Account | undefined): account is Account =>
			account !== undefined && account.id !== line.account && !movers.has(account.id);
		const { subject, account, login: shown } = line;
		const base = { subject, account, login: shown };
		const same = logins.get(folded(login));
		if (keeps(same)) return { ...base, reason: 'loginTaken', detail: quoted(same.login) };
		const similar = alike.get(skeleton(login));
		return keeps(similar) ? { ...base, reason: 'loginLooksAlike', detail: quoted(similar.login) } : undefined;
	};
	let left = [...lines];
	for (;;) {
		const movers = new Set(left.filter(isRename).map(({ account }) => account));
		const refused = new Map<Line, Conflict>();
		for (const line of left) {
			const login = line.kind === 'create' || isRename(line) ? line.values.login : undefined;
			const conflict = login === undefined ? undefined : refusal(line, login, movers);
			if (conflict) refused.set(line, conflict);
		}
		if (refused.size === 0) return { lines: left, conflicts };
		conflicts.push(...refused.values());
		left = left.flatMap((line) => (refused.has(line) ? withoutLogin(line) : line));
	}
}

function isRename(line: Line): line is Extract<Line, { kind: 'update' }> {
	return line.kind === 'update' && line.values.login !== undefined;
}

function withoutLogin(line: Line): Line[] {
	if (line.kind !== 'update') return [];
	const { login: _login, ...values } = line.values;
	const { login: _before, ...before } = line.before;
	return Object.keys(values).length === 0 ? [] : [{ ...line, values, before }];
}
