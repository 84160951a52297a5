/** Odoo without the addon, by RPC as an account that may administer users. What it cannot do stands in `limits`. */
import { HubError, toHubError } from '../errors.ts';
import type { Account, IdentityTarget, Line, LineResult, TargetDescription, TargetGroup } from './model.ts';
import type { OdooCalls } from './odoo-target.ts';
import { ADMINISTRATOR } from './rules.ts';

/** Users a call: 1,393 with seven fields took Odoo 286 ms. */
const PAGE = 2_000;

/** Archived users are invisible otherwise; nobody gets an invitation by mail. */
const CONTEXT = { active_test: false, no_reset_password: true };

const FIELDS = ['login', 'name', 'email', 'lang', 'active', 'oauth_provider_id', 'oauth_uid', 'groups_id', 'share'];

const PROTECTED = ['user_root', 'user_admin', 'public_user', 'default_user', 'template_portal_user_id'];

const ROOT = 1;

interface UserRow {
	id: number;
	login: string;
	name: string | false;
	email: string | false;
	lang: string | false;
	active: boolean;
	oauth_provider_id: [number, string] | false;
	oauth_uid: string | false;
	groups_id: number[];
	share: boolean;
}

export class StockTarget implements IdentityTarget {
	readonly #rpc: OdooCalls;
	readonly #issuer: string;
	#provider = 0;
	#names = new Map<number, string>();
	#numbers = new Map<string, number>();

	constructor(rpc: OdooCalls, issuer: string) {
		this.#rpc = rpc;
		this.#issuer = issuer;
	}

	async describe(): Promise<TargetDescription> {
		const own = await this.#rpc.signIn();
		this.#provider = await this.#findProvider();
		const groups = await this.#readGroups();
		const named = await this.#read<{ res_id: number }>(
			'ir.model.data',
			['res_id'],
			[
				['module', '=', 'base'],
				['model', '=', 'res.users'],
				['name', 'in', PROTECTED],
			],
		);
		const system = this.#numbers.get(ADMINISTRATOR) ?? 0;
		const administrators = await this.#read<{ id: number }>(
			'res.users',
			['id'],
			[
				['groups_id', 'in', [system]],
				['active', '=', true],
				['id', '!=', ROOT],
			],
		);
		const linked = [
			['oauth_provider_id', '=', this.#provider],
			['oauth_uid', '!=', false],
			['active', '=', true],
		];
		const languages = await this.#read<{ code: string }>('res.lang', ['code'], [['active', '=', true]]);
		return {
			...{ provider: this.#provider, canSuspend: false, groups },
			protected: new Set([ROOT, own, ...named.map(({ res_id }) => res_id)]),
			administrators: administrators.map(({ id }) => id),
			linked: (await this.#rpc.call('res.users', 'search_count', [linked])) as number,
			languages: languages.map(({ code }) => code).sort(),
			limits: ['suspend', 'endSessions', 'readOnlyFields', 'userRights', 'fence'],
		};
	}

	async accounts(only?: { uids: readonly string[]; logins: readonly string[] }): Promise<Account[]> {
		if (this.#provider === 0) await this.describe();
		const rows = await this.#read<UserRow>('res.users', FIELDS, only ? domainOf(only) : []);
		return rows.map((row) => ({
			...{ id: row.id, login: row.login, name: row.name || '', email: row.email || '', lang: row.lang || '' },
			...{ active: row.active, suspended: false, uid: row.oauth_uid || null, internal: !row.share },
			provider: row.oauth_provider_id ? row.oauth_provider_id[0] : null,
			groups: row.groups_id.map((number) => this.#names.get(number) ?? `#${number}`),
		}));
	}

	async apply(lines: readonly Line[], _fence: number, signal?: AbortSignal): Promise<LineResult[]> {
		if (lines.length > 0 && this.#provider === 0) await this.describe();
		const results = new Map<Line, LineResult>();
		for (const together of Map.groupBy(lines, (line) => JSON.stringify(this.#writing(line) ?? line)).values()) {
			signal?.throwIfAborted();
			for (const [line, result] of await this.#attempt(together)) results.set(line, result);
		}
		return lines.map((line) => results.get(line) ?? { ok: false, text: 'Odoo was not asked.' });
	}

	/** All of them in one call; where that fails, one after the other, so that one failing line stops no other. */
	async #attempt(lines: readonly Line[]): Promise<[Line, LineResult][]> {
		try {
			return await this.#together(lines);
		} catch (thrown) {
			const { code, message } = toHubError(thrown);
			if (code !== 'ODOO_REFUSED' && code !== 'ODOO_FORBIDDEN') throw thrown;
			const [only] = lines;
			if (lines.length === 1 && only) return [[only, { ok: false, text: message }]];
			const results: [Line, LineResult][] = [];
			for (const line of lines) results.push(...(await this.#attempt([line])));
			return results;
		}
	}

	async #together(lines: readonly Line[]): Promise<[Line, LineResult][]> {
		const [first] = lines;
		if (!first) return [];
		if (first.kind === 'create') {
			const values = lines.map((line) => (line.kind === 'create' ? this.#creation(line) : {}));
			const ids = (await this.#rpc.call('res.users', 'create', [values], { context: CONTEXT })) as number[];
			return lines.map((line, index) => [line, { ok: true, account: ids[index] ?? 0 }]);
		}
		const values = this.#writing(first);
		if (!values) return lines.map((line) => [line, { ok: false, text: 'A stock Odoo cannot do this.' }]);
		const ids = lines.map(({ account }) => account);
		await this.#rpc.call('res.users', 'write', [ids, values], { context: CONTEXT });
		return lines.map((line) => [line, { ok: true, account: line.account }]);
	}

	/** What is written for the line; a constant for creates, so that they come together. */
	#writing(line: Line): object | undefined {
		if (line.kind === 'create') return {};
		if (line.kind === 'archive') return { active: false };
		if (line.kind === 'restore') return { active: true };
		if (line.kind === 'link') return { oauth_provider_id: this.#provider, oauth_uid: line.subject };
		if (line.kind === 'update') return line.values;
		if (line.kind === 'addGroups') return { groups_id: this.#known(line.groups).map((number) => [4, number]) };
		if (line.kind === 'removeGroups') return { groups_id: this.#known(line.groups).map((number) => [3, number]) };
		return undefined;
	}

	#creation({ subject, values, groups }: Extract<Line, { kind: 'create' }>): object {
		const identity = { oauth_provider_id: this.#provider, oauth_uid: subject };
		return { ...values, ...identity, groups_id: [[6, 0, this.#known(groups)]] };
	}

	#known(groups: readonly string[]): number[] {
		return groups.flatMap((id) => this.#numbers.get(id) ?? []);
	}

	async #findProvider(): Promise<number> {
		const rows = await this.#read<{ id: number; auth_endpoint: string | false }>(
			'auth.oauth.provider',
			['auth_endpoint'],
			[],
		).catch((thrown: unknown) => {
			const error = toHubError(thrown);
			if (error.code !== 'ODOO_FORBIDDEN') throw error;
			// Access Rights alone, which suffices for users, does not show providers (measured).
			throw new HubError(
				'ODOO_FORBIDDEN',
				'Odoo shows its OAuth providers to Administration / Settings only. Give the account of the synchronisation that group, ' +
					'or install the addon clinic_sso, with which it needs none.',
				{ cause: thrown },
			);
		});
		const own = rows.filter(({ auth_endpoint }) => String(auth_endpoint).startsWith(`${this.#issuer}/`));
		if (own.length === 1 && own[0]) return own[0].id;
		throw new HubError(
			'ODOO_REFUSED',
			`Odoo has ${own.length} OAuth providers whose authorization address begins with ${this.#issuer}/; it takes exactly one. ` +
				'See Settings, Users & Companies, OAuth Providers.',
		);
	}

	async #readGroups(): Promise<Map<string, TargetGroup>> {
		const fields = ['full_name', 'trans_implied_ids'];
		const rows = await this.#read<{ id: number; full_name: string; trans_implied_ids: number[] }>(
			'res.groups',
			fields,
			[],
		);
		const ids = (await this.#rpc.call('res.groups', 'get_external_id', [rows.map(({ id }) => id)])) as Record<
			string,
			string
		>;
		this.#names = new Map(rows.map(({ id }) => [id, ids[String(id)] || `#${id}`]));
		this.#numbers = new Map([...this.#names].map(([number, id]) => [id, number]));
		return new Map(
			rows.map(({ id: number, full_name: name, trans_implied_ids: implied }) => {
				const id = this.#names.get(number) ?? '';
				return [id, { id, name, implies: implied.map((other) => this.#names.get(other) ?? `#${other}`) }];
			}),
		);
	}

	async #read<Row>(model: string, fields: readonly string[], domain: readonly unknown[]): Promise<Row[]> {
		const rows: Row[] = [];
		for (;;) {
			const page = { fields, offset: rows.length, limit: PAGE, order: 'id', context: CONTEXT };
			const more = (await this.#rpc.call(model, 'search_read', [domain], page)) as Row[];
			rows.push(...more);
			if (more.length < PAGE) return rows;
		}
	}
}

/** `=ilike` takes % and _ for any characters; a login may hold both. */
function domainOf({ uids, logins }: { uids: readonly string[]; logins: readonly string[] }): unknown[] {
	const terms: unknown[] = [['oauth_uid', 'in', uids]];
	for (const login of logins) terms.push(['login', '=ilike', login.replace(/[\\%_]/g, '\\$&')]);
	return [...Array(terms.length - 1).fill('|'), ...terms];
}
