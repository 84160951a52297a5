/** A clinic of 375 in the stand-in of Odoo, in whose realm 500 things have changed. */
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestContext } from 'node:test';
import { OdooClinic } from '../servers/odoo-clinic.ts';
import { type StandInOdoo, startStandIn } from '../servers/odoo-identity-stand-in.ts';
import type { User } from '../unit/identity/realm.ts';
import { type IdentityProcessEvent, type IdentityProcessOptions, synchronise } from './identity-process.ts';

const ISSUER = 'https://keycloak.test/realms/clinica';
const STAFF = 375;
/** Newcomers, and of the staff leavers, those with another name, and those with another role. */
const EACH = 125;
const WAIT_MS = 60_000;

export class KillClinic {
	readonly odoo: StandInOdoo;
	readonly options: IdentityProcessOptions;

	private constructor(odoo: StandInOdoo, options: IdentityProcessOptions) {
		this.odoo = odoo;
		this.options = options;
	}

	static async start(t: Pick<TestContext, 'after'>, { addon }: { addon: boolean }): Promise<KillClinic> {
		const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-identity-kills-'));
		const odoo = await startStandIn();
		t.after(async () => {
			await odoo.stop();
			await rm(directory, { recursive: true, force: true });
		});
		const clinic = new OdooClinic(odoo, ISSUER);
		await clinic.makeProvider();
		const rights = addon
			? ['clinic_sso.group_sync']
			: ['base.group_system', 'base.group_erp_manager', 'base.group_partner_manager'];
		if (addon) {
			await odoo.installAddon();
			await clinic.followedByAddon();
		}
		const user = 'hub';
		await clinic.makeUser(user, ['base.group_user', ...rights], { password: 'hub hub hub' });
		const key = await odoo.apiKey(user, 'hub hub hub');
		const made = new KillClinic(odoo, {
			realmFile: path.join(directory, 'realm.json'),
			storeFile: path.join(directory, 'store.sqlite'),
			odoo: { url: odoo.url, database: odoo.database, user, key },
		});
		made.realm(Array.from({ length: STAFF }, (_, index) => person(index)));
		assert.equal(await synchronise(made.options), 'done');
		odoo.identity.users.effects.length = 0;
		return made;
	}

	realm(users: readonly User[]): void {
		writeFileSync(this.options.realmFile, JSON.stringify(users));
	}

	/** @returns whether each change is there, once each */
	changeEverybody(): void {
		const staff = Array.from({ length: STAFF }, (_, index) => person(index, CHANGES[index % CHANGES.length]));
		const newcomers = Array.from({ length: EACH }, (_, index) => person(STAFF + index));
		this.realm([...staff, ...newcomers]);
	}

	/** @throws AssertionError unless Odoo is as the realm, and nothing was done twice with effect */
	check(what: string): void {
		const { users } = this.odoo.identity;
		const byPerson = new Map([...users.all.values()].map((user) => [user.uid, user]));
		for (let index = 0; index < STAFF + EACH; index += 1) {
			const user = byPerson.get(idOf(index));
			assert.ok(user, `${what}: ${idOf(index)} has no account`);
			const change = index < STAFF ? CHANGES[index % CHANGES.length] : {};
			assert.equal(user.active && !user.suspended, change?.enabled !== false, `${what}: access of ${user.login}`);
			assert.equal(user.name, `${change?.firstName ?? `Persona${index}`} Prueba`, what);
			assert.equal(user.groups.includes(9), change?.roles !== undefined, `${what}: groups of ${user.login}`);
		}
		assert.equal(byPerson.size, STAFF + EACH + 1, `${what}: each person has one account`);
		const { effects } = users;
		assert.deepEqual(
			effects.filter((effect, index) => effects.indexOf(effect) !== index),
			[],
			`${what}: done twice with effect`,
		);
	}

	/** As if the time had passed for which a process that ended still has its lease. */
	endLease(): void {
		const database = new DatabaseSync(this.options.storeFile);
		database.exec('pragma busy_timeout = 5000; update hub_lease set expires_at = 0');
		database.close();
	}

	/** Starts the process and gives it with its outcome, which is null when it was killed. */
	run(options: Partial<IdentityProcessOptions['odoo']> = {}) {
		const given = { ...this.options, odoo: { ...this.options.odoo, ...options } };
		const child = fork(path.join(import.meta.dirname, 'identity-process.ts'), [JSON.stringify(given)], {
			stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
		});
		let outcome: string | null = null;
		child.on('message', (event: IdentityProcessEvent) => {
			if (event.kind !== 'ended') return;
			outcome = event.outcome;
			child.disconnect();
		});
		const timer = setTimeout(() => child.kill('SIGKILL'), WAIT_MS);
		const ended = once(child, 'exit').then(() => {
			clearTimeout(timer);
			return outcome;
		});
		return { child, ended };
	}
}

/** Leaves, is called otherwise, has another role: the staff by turns. */
const CHANGES: Partial<User>[] = [{ enabled: false }, { firstName: 'Otra' }, { roles: ['staff', 'contacts'] }];

export function idOf(index: number): string {
	return `id-${String(index).padStart(5, '0')}`;
}

export function person(index: number, change: Partial<User> = {}): User {
	return {
		...{ id: idOf(index), username: `persona${index}`, firstName: `Persona${index}`, lastName: 'Prueba' },
		...{ email: `persona${index}@clinica.test`, enabled: true, roles: ['staff'], groups: [], ...change },
	};
}
