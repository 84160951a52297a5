/** Accounts, groups and providers by RPC and by page: what the synchronisation with Keycloak asks of Odoo. */
import { randomUUID } from 'node:crypto';
import { CLINIC } from '../clinic.ts';
import { accessError, RpcError, userError } from '../errors.ts';
import type { Records } from '../records.ts';
import { byHand } from './by-hand.ts';
import { type Fields, matcher, namesActive } from './domain.ts';
import { closed, groupsOf, MANAGER, SYSTEM, xmlIds } from './groups.ts';
import { PROVIDER, Providers } from './providers.ts';
import { ClinicSso } from './sso.ts';
import { isShared, type User, Users, type Values } from './users.ts';

/** Models with who may read and who may change them: a group, or null for every internal user. */
const MODELS: Record<string, { title: string; read: number | null; write: number; fields: readonly string[] }> = {
	'res.users': {
		...{ title: 'User', read: null, write: MANAGER },
		fields: ['id', 'login', 'name', 'email', 'lang', 'active', 'share', 'oauth_provider_id', 'oauth_uid', 'groups_id'],
	},
	'res.groups': {
		title: 'Access Groups',
		read: null,
		write: MANAGER,
		fields: ['id', 'full_name', 'trans_implied_ids'],
	},
	'res.lang': { title: 'Languages', read: null, write: SYSTEM, fields: ['id', 'code', 'active'] },
	'ir.model.data': {
		...{ title: 'Model Data', read: MANAGER, write: MANAGER },
		fields: ['id', 'module', 'name', 'model', 'res_id'],
	},
	[PROVIDER]: {
		...{ title: 'OAuth2 provider', read: SYSTEM, write: SYSTEM },
		fields: ['id', 'name', 'client_id', 'body', 'enabled', 'auth_endpoint', 'validation_endpoint'],
	},
};

/** Every user is a contact, too. */
const CONTACTS = 9;

const RIGHTS: Record<number, string> = {
	...{ [MANAGER]: 'Administration/Access Rights', [SYSTEM]: 'Administration/Settings' },
	[CONTACTS]: 'Extra Rights/Contact Creation',
};

interface Named {
	fields?: string[];
	offset?: number;
	limit?: number;
	order?: string;
	context?: { active_test?: boolean };
}

export class Identity {
	/** Whether `clinic_sso` is installed. */
	addon = false;
	readonly users: Users;
	readonly providers: Providers;
	readonly #sso: ClinicSso;
	readonly #sessions = new Map<string, { uid: number; token: string }>();

	constructor(records: Records) {
		this.users = new Users(records);
		this.providers = new Providers(records);
		this.#sso = new ClinicSso(this.users, this.providers);
		if (this.users.all.size === 0) seed(this.users);
	}

	/** Whether this is the place to ask for that model. */
	knows(model: string): boolean {
		return model in MODELS || model === 'clinic.sso';
	}

	execute(caller: User, model: string, method: string, args: readonly unknown[], named: Named): unknown {
		if (model === 'clinic.sso' && this.addon) return this.#guarded(caller, method, args);
		if (!(model in MODELS)) throw userError(`Object ${model} doesn't exist`);
		switch (method) {
			case 'fields_get':
				return this.addon ? { clinic_sso_suspended: { type: 'boolean' } } : {};
			case 'get_external_id':
				return Object.fromEntries((args[0] as number[]).map((id) => [String(id), this.#groupName(id)]));
			case 'create':
				this.#require(caller, model, 'create');
				return this.#create(caller, model, args[0]);
			case 'write':
				this.#require(caller, model, 'modify');
				return this.#write(caller, model, [args[0] as number | number[]].flat(), args[1] as Record<string, unknown>);
			default:
				this.#require(caller, model, 'access');
				return this.#search(model, method, args, named);
		}
	}

	/** @returns a session's cookie, or null */
	openPage(login: string, password: string): { id: string; uid: number } | null {
		const user = this.users.whoIs(login, password, { page: true });
		if (!user) return null;
		const id = randomUUID();
		this.#sessions.set(id, { uid: user.id, token: this.users.token(user) });
		return { id, uid: user.id };
	}

	/** The page's user; a session that is found dead stays so. */
	pageOf(id: string): User | null {
		const session = this.#sessions.get(id);
		const user = session && this.users.all.get(session.uid);
		if (user && this.users.token(user) === session.token) return user;
		this.#sessions.delete(id);
		return null;
	}

	#guarded(caller: User, method: string, args: readonly unknown[]): unknown {
		if (method === 'describe') return this.#sso.describe(caller);
		if (method === 'accounts') return this.#sso.accounts(caller, ...(args as [string[]?, string[]?]));
		if (method === 'apply_lines') {
			return this.#sso.apply(caller, ...(args as [number, Parameters<ClinicSso['apply']>[2], number]));
		}
		throw new RpcError('builtins.AttributeError', `The method 'clinic.sso.${method}' does not exist`);
	}

	#require(caller: User, model: string, what: 'access' | 'create' | 'modify'): void {
		const { title, read, write } = MODELS[model] as (typeof MODELS)[string];
		const needed = what === 'access' ? read : write;
		if (needed === null || caller.groups.includes(needed)) return;
		throw this.#forbidden(what, title, model, needed);
	}

	#forbidden(what: string, title: string, model: string, group: number): RpcError {
		return accessError(
			`You are not allowed to ${what} '${title}' (${model}) records.\n\nThis operation is allowed for the following ` +
				`groups:\n\t- ${RIGHTS[group]}\n\nContact your administrator to request access if necessary.`,
		);
	}

	#create(caller: User, model: string, given: unknown): number | number[] {
		const list = [given].flat() as Record<string, unknown>[];
		if (model === PROVIDER) return this.providers.create(list[0] ?? {});
		if (!caller.groups.includes(CONTACTS)) throw this.#forbidden('create', 'Contact', 'res.partner', CONTACTS);
		const context = { users: this.users, providers: this.providers, addon: this.addon };
		byHand.create(context, list as Values[]);
		const ids = this.users.create(list as Values[]);
		return Array.isArray(given) ? ids : (ids[0] ?? 0);
	}

	#write(caller: User, model: string, ids: readonly number[], values: Record<string, unknown>): true {
		if (model === PROVIDER) for (const id of ids) this.providers.write(id, values);
		else {
			const context = { users: this.users, providers: this.providers, addon: this.addon };
			byHand.write(context, this.users.existing(ids, caller.id), values as Values);
			this.users.write(ids, values as Values, caller.id);
		}
		return true;
	}

	#search(model: string, method: string, args: readonly unknown[], named: Named): unknown {
		const { fields } = MODELS[model] as (typeof MODELS)[string];
		const wanted = (named.fields ?? args[1] ?? fields) as string[];
		const unknown = wanted.find((field) => !fields.includes(field));
		if (unknown) throw new RpcError('builtins.ValueError', `Invalid field '${unknown}' on model '${model}'`);
		if (method === 'read') {
			const ids = new Set(args[0] as number[]);
			return this.#rows(model).flatMap((row) => (ids.has(Number(row['id'])) ? [shown(row, wanted)] : []));
		}
		const domain = (args[0] ?? []) as unknown[];
		const fits = matcher(model, domain, fields);
		const archived = named.context?.active_test === false || namesActive(domain) || model !== 'res.users';
		const found = this.#rows(model).filter((row) => (archived || row['active'] === true) && fits(row));
		if (method === 'search_count') return found.length;
		if (named.order !== 'id' && model === 'res.users')
			found.sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
		const page = found.slice(named.offset ?? 0, named.limit ? (named.offset ?? 0) + named.limit : undefined);
		if (method === 'search') return page.map(({ id }) => id);
		if (method === 'search_read') return page.map((row) => shown(row, wanted));
		throw new RpcError('builtins.AttributeError', `The method '${model}.${method}' does not exist`);
	}

	#rows(model: string): Fields[] {
		if (model === PROVIDER) return this.providers.rows();
		if (model === 'ir.model.data') return xmlIds(this.addon);
		if (model === 'res.lang') return [{ id: 1, code: 'en_US', active: true }];
		if (model === 'res.groups') {
			return groupsOf(this.addon).map(({ number, name, implies }) => ({
				...{ id: number, full_name: name, trans_implied_ids: implies },
			}));
		}
		const names = new Map(this.providers.rows().map(({ id, name }) => [id, name]));
		return [...this.users.all.values()].map((user) => ({
			...{ id: user.id, login: user.login, name: user.name, email: user.email, lang: user.lang, active: user.active },
			...{ share: isShared(user), oauth_uid: user.uid, groups_id: user.groups, oauth_provider_id: user.provider },
			provider_name: names.get(user.provider ?? 0),
		}));
	}

	#groupName(number: number): string {
		return groupsOf(this.addon).find((group) => group.number === number)?.id ?? '';
	}
}

function shown(row: Fields, fields: readonly string[]): Fields {
	const value = (field: string) => {
		const stored = row[field];
		if (stored === undefined || stored === null || stored === '') return false;
		return field === 'oauth_provider_id' ? [stored, row['provider_name']] : stored;
	};
	return { id: row['id'], ...Object.fromEntries(fields.map((field) => [field, value(field)])) };
}

/** Whom a new database of Odoo has, and the clinic's buyers. */
function seed(users: Users): void {
	const system = closed([SYSTEM, 8, 9]);
	users.seed('__system__', 'OdooBot', { email: 'odoobot@example.com', active: false, groups: system });
	users.seed('admin', 'Administrator', { email: 'admin@example.com', groups: system, password: 'admin' });
	users.seed('default', 'Default User Template', { active: false });
	users.seed('public', 'Public user', { active: false, groups: [11] });
	users.seed('portaltemplate', 'Portal User Template', { active: false, groups: [10] });
	for (const { login, name, email } of CLINIC.buyers) {
		users.seed(login, name, { email, groups: closed([1, 9, 15]) });
	}
}
