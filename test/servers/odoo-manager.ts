/** The stand-in of Odoo in the process of a test, with databases and contents that the test chooses. */
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { Databases, ManagerError } from '../../lab/odoo/stand-in/databases.ts';
import { fill } from '../../lab/odoo/stand-in/fill.ts';
import { MessageBuilder } from '../../lab/odoo/stand-in/handover.ts';
import { Identity } from '../../lab/odoo/stand-in/identity/identity.ts';
import { Manager, type ManagerSettings } from '../../lab/odoo/stand-in/manager.ts';
import { Outbox } from '../../lab/odoo/stand-in/outbox.ts';
import { Records } from '../../lab/odoo/stand-in/records.ts';
import { makeServer } from '../../lab/odoo/stand-in/server.ts';

export const MASTER_PASSWORD = 'master-of-the-test';

/** The clinic's own; others have the same content. */
const OWN = 'clinica';

class ChosenDatabases extends Databases {
	names = [OWN];
	/** In place of what the stand-in makes. */
	content: Buffer | undefined;

	override list(): string[] {
		return this.names;
	}

	override async backup(name: string, format: string): Promise<Buffer> {
		if (!this.names.includes(name)) throw new ManagerError(`Database '${name}' is not known`);
		return this.content ?? super.backup(OWN, format);
	}
}

export interface OdooManager {
	url: string;
	databases: ChosenDatabases;
	/** Of the clinic's own database. */
	records: Records;
	/** Faults on command; `calls` counts those with a password. */
	settings: ManagerSettings;
	/** Whole answers again. */
	heal(): void;
}

export async function startManager(t: Pick<TestContext, 'after'>): Promise<OdooManager> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-odoo-manager-'));
	const records = new Records(path.join(directory, 'records.sqlite'));
	fill(records);
	const databases = new ChosenDatabases(directory, OWN, records);
	const manager = new Manager(databases, MASTER_PASSWORD);
	const shop = {
		database: OWN,
		url: '',
		records,
		outbox: new Outbox(records),
		builder: new MessageBuilder(),
		identity: new Identity(records),
	};
	const server = makeServer(shop, manager);
	server.listen(0, '127.0.0.1');
	await new Promise((resolve) => server.once('listening', resolve));
	t.after(async () => {
		server.closeAllConnections();
		server.close();
		await rm(directory, { recursive: true, force: true });
	});
	return {
		url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
		databases,
		records,
		settings: manager.settings,
		heal() {
			const whole = { cutAfter: null, breakAfter: null, stallAfter: null, announced: null };
			Object.assign(manager.settings, { pgDumpFails: false, ...whole });
		},
	};
}

/** A target that lists what was restored to it. */
export async function startTarget(t: Pick<TestContext, 'after'>): Promise<OdooManager & { restored: string[] }> {
	const target = await startManager(t);
	const { databases } = target;
	const restore = databases.restore.bind(databases);
	const drop = databases.drop.bind(databases);
	const restored: string[] = [];
	databases.restore = async (name, file, how) => {
		await restore(name, file, how).finally(() => {
			if (!databases.names.includes(name)) databases.names.push(name);
		});
		restored.push(name);
	};
	databases.drop = async (name) => {
		await drop(name);
		databases.names = databases.names.filter((other) => other !== name);
	};
	const rename = databases.rename.bind(databases);
	databases.rename = async (from, to) => {
		await rename(from, to);
		databases.names = databases.names.map((name) => (name === from ? to : name));
		return true;
	};
	databases.backup = (name, format) => Databases.prototype.backup.call(databases, name, format);
	return { ...target, restored };
}
