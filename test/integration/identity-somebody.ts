/** A person with an account in Odoo, for what the contract of targets asks. */
import assert from 'node:assert/strict';
import type { Account, IdentityTarget, Line } from '../../lib/identity/model.ts';
import { OdooBrowser } from '../servers/odoo-browser.ts';
import { applied, creation, type OdooClinic, person } from '../servers/odoo-clinic.ts';

export const PASSWORD = 'enfermera enfermera';

/** Lines about one person, and what becomes of them. */
export class Somebody {
	readonly name: string;
	readonly account: number;
	readonly #target: IdentityTarget;

	constructor(target: IdentityTarget, name: string, account: number) {
		this.#target = target;
		this.name = name;
		this.account = account;
	}

	static async create(target: IdentityTarget, name: string, groups?: string[]): Promise<Somebody> {
		const [account] = await applied(target, [creation(name, groups)]);
		assert.equal(typeof account, 'number', String(account));
		return new Somebody(target, name, Number(account));
	}

	line(rest: { kind: 'suspend' | 'resume' | 'archive' | 'restore' | 'link' }): Line;
	line(rest: { kind: 'endSessions'; at: number }): Line;
	line(rest: { kind: 'addGroups' | 'removeGroups'; groups: string[] }): Line;
	line(rest: { kind: 'update'; values: object }): Line;
	line(rest: object): Line {
		return { ...person(this.name), account: this.account, before: {}, ...rest } as Line;
	}

	async does(...lines: Line[]): Promise<void> {
		assert.deepEqual(
			await applied(this.#target, lines),
			lines.map(() => this.account),
		);
	}

	async refuses(line: Line, words: RegExp): Promise<void> {
		const [refusal] = await applied(this.#target, [line]);
		assert.match(String(refusal), words);
	}

	async read(): Promise<Account> {
		const [account] = await this.#target.accounts({ uids: [`sub-${this.name}`], logins: [] });
		assert.ok(account, this.name);
		return account;
	}
}

/** With a password, an open page and a key. */
export async function withAccess(clinic: OdooClinic, target: IdentityTarget, name: string) {
	const somebody = await Somebody.create(target, name);
	await clinic.setPassword(somebody.account, PASSWORD);
	const { odoo } = clinic;
	const { url, database } = odoo;
	const signIn = () => OdooBrowser.signIn(url, database, name, PASSWORD);
	const page = await signIn();
	const key = await odoo.apiKey(name, PASSWORD);
	const mayCall = (secret: string, uid = somebody.account) =>
		// With the number known: a call asks for nothing else.
		Object.assign(odoo.rpc(name, secret), { signIn: async () => uid })
			.call('res.users', 'read', [[uid], ['login']])
			.then(
				() => true,
				() => false,
			);
	assert.ok((await page.isOpen()) && (await mayCall(key)) && (await mayCall(PASSWORD)), 'all ways are open');
	return { somebody, page, signIn, mayCall, key };
}
