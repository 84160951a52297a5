/** Odoo's users in memory: one login each, implied groups added and never taken, an own id for each account. */
import type {
	Account,
	IdentityTarget,
	Line,
	LineResult,
	TargetDescription,
	TargetGroup,
} from '../../../lib/identity/model.ts';

export const PROVIDER = 4;

const group = (id: string, ...implies: string[]): [string, TargetGroup] => [id, { id, name: id, implies }];

export class TestOdoo implements IdentityTarget {
	accounts_: Account[] = [];
	canSuspend = true;
	groups = new Map([
		group('base.group_user'),
		group('base.group_system', 'base.group_erp_manager', 'base.group_user'),
		group('base.group_erp_manager', 'base.group_user'),
		group('purchase.group_purchase_user', 'base.group_user'),
		group('purchase.group_purchase_manager', 'purchase.group_purchase_user', 'base.group_user'),
		group('stock.group_stock_user', 'base.group_user'),
	]);
	/** Called before each batch, and before each line of it; throws to fail. */
	beforeBatch: (lines: readonly Line[], fence: number) => void = () => {};
	beforeLine: (line: Line) => void = () => {};
	afterLine: (line: Line) => void = () => {};
	/** Every line that had an effect. */
	effects: Line[] = [];
	refusals: string[] = [];
	#fence = 0;
	#next = 10;

	constructor() {
		this.add('__system__', { id: 1, groups: ['base.group_user', 'base.group_system'] });
		this.add('admin', { id: 2, groups: ['base.group_user', 'base.group_system', 'base.group_erp_manager'] });
		this.add('sync', { id: 6 });
	}

	add(login: string, change: Partial<Account> = {}): Account {
		this.#next += 1;
		const account: Account = {
			...{ id: this.#next, login, name: login, email: '', lang: 'es_ES', active: true, suspended: false },
			...{ provider: null, uid: null, groups: ['base.group_user'], internal: true, ...change },
		};
		this.accounts_.push(account);
		return account;
	}

	of(uid: string): Account {
		const account = this.accounts_.find((entry) => entry.uid === uid && entry.provider === PROVIDER);
		if (!account) throw new Error(`Nobody is linked to ${uid}`);
		return account;
	}

	async describe(): Promise<TargetDescription> {
		const real = this.accounts_.filter(({ id }) => id !== 1);
		return {
			...{ provider: PROVIDER, canSuspend: this.canSuspend, protected: new Set([1, 2, 6]), groups: this.groups },
			...{ languages: ['es_ES', 'en_US'], limits: this.canSuspend ? [] : ['suspend', 'endSessions'] },
			administrators: real
				.filter(({ active, suspended, groups }) => active && !suspended && groups.includes('base.group_system'))
				.map(({ id }) => id),
			linked: real.filter(({ active, provider }) => active && provider === PROVIDER).length,
		};
	}

	async accounts(only?: { uids: readonly string[]; logins: readonly string[] }): Promise<Account[]> {
		const lower = only?.logins.map((login) => login.toLowerCase());
		return structuredClone(
			this.accounts_.filter(
				({ uid, login }) => !only || (uid && only.uids.includes(uid)) || lower?.includes(login.toLowerCase()),
			),
		);
	}

	async apply(lines: readonly Line[], fence: number): Promise<LineResult[]> {
		this.beforeBatch(lines, fence);
		if (fence < this.#fence) return lines.map(() => ({ ok: false, text: 'fenced off' }));
		this.#fence = fence;
		return lines.map((line) => {
			try {
				this.beforeLine(line);
				const account = this.#do(line);
				this.effects.push(line);
				this.afterLine(line);
				return { ok: true, account };
			} catch (thrown) {
				if (thrown instanceof Killed) throw thrown;
				this.refusals.push(String(thrown));
				return { ok: false, text: String(thrown) };
			}
		});
	}

	#do(line: Line): number {
		if (line.kind === 'create') {
			if (this.accounts_.some(({ uid }) => uid === line.subject)) throw new Error('That identity has an account');
			this.#freeLogin(line.values.login, 0);
			return this.add(line.values.login, {
				...{ ...line.values, provider: PROVIDER, uid: line.subject, groups: this.#closed(line.groups) },
			}).id;
		}
		const account = this.accounts_.find(({ id }) => id === line.account);
		if (!account) throw new Error('MissingError');
		if (line.kind === 'suspend') account.suspended = true;
		else if (line.kind === 'resume') account.suspended = false;
		else if (line.kind === 'archive') account.active = false;
		else if (line.kind === 'restore') account.active = true;
		else if (line.kind === 'link') Object.assign(account, { provider: PROVIDER, uid: line.subject });
		else if (line.kind === 'update') {
			if (line.values.login !== undefined) this.#freeLogin(line.values.login, account.id);
			Object.assign(account, line.values);
		} else if (line.kind === 'addGroups') account.groups = this.#closed([...account.groups, ...line.groups]);
		else if (line.kind === 'removeGroups') {
			account.groups = this.#closed(account.groups.filter((id) => !line.groups.includes(id)));
		}
		return account.id;
	}

	#freeLogin(login: string, own: number): void {
		if (this.accounts_.some((account) => account.login === login && account.id !== own)) {
			throw new Error('You can not have two users with the same login!');
		}
	}

	#closed(groups: readonly string[]): string[] {
		return [...new Set(groups.flatMap((id) => [id, ...(this.groups.get(id)?.implies ?? [])]))].sort();
	}
}

/** Thrown where the process would have ended. */
export class Killed extends Error {}
