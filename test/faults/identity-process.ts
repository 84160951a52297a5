/** A synchronisation alone in a process that is killed. Options as JSON in argv; the realm is a file, read anew for each run. */
import { readFileSync } from 'node:fs';
import { odooTarget } from '../../lib/identity/odoo-target.ts';
import { identitySettings } from '../../lib/identity/rules.ts';
import { IdentitySync } from '../../lib/identity/sync.ts';
import { OdooRpc } from '../../lib/odoo/rpc.ts';
import { openStore } from '../../lib/store/store.ts';
import { TestRealm, type User } from '../unit/identity/realm.ts';
import { DIRECTOR } from '../unit/identity/setting.ts';

export interface IdentityProcessOptions {
	/** JSON of the realm's users; everybody in it has the role `staff`, or none. */
	realmFile: string;
	storeFile: string;
	odoo: { url: string; database: string; user: string; key: string };
}

/** What it tells: that it begins, and how it ended. */
export type IdentityProcessEvent = { kind: 'ready' } | { kind: 'ended'; outcome: 'done' | 'busy' | (string & {}) };

/** Held, approved, and what follows from that: an archive comes after its suspension. */
const ROUNDS = 6;

const ISSUER = 'https://keycloak.test/realms/clinica';

export async function synchronise({ realmFile, storeFile, odoo }: IdentityProcessOptions): Promise<string> {
	const realm = new TestRealm(Date.now);
	realm.issuer = ISSUER;
	for (const user of JSON.parse(readFileSync(realmFile, 'utf8')) as User[]) realm.users.set(user.id, user);
	const { url, database, user, key } = odoo;
	const store = await openStore({ file: storeFile });
	const sync = await IdentitySync.open({
		source: realm,
		target: await odooTarget(new OdooRpc({ url, database, user, password: key }), ISSUER),
		...{ store, pair: 'clinica', owner: `hub-${process.pid}`, apartMs: 0 },
		settings: identitySettings({
			scope: { roles: ['staff'] },
			// Where the addon is, its own table counts.
			table: [{ from: { role: 'contacts' }, groups: ['base.group_partner_manager'] }],
			language: 'en_US',
		}),
	});
	try {
		for (let round = 0; round < ROUNDS; round += 1) {
			const report = await sync.run('everything');
			if (report.busy) return 'busy';
			if (report.plan?.lines.length === 0) return 'done';
			if (report.held) await sync.approve(report.held.id, report.held.hash, DIRECTOR);
		}
		return 'never done';
	} catch (thrown) {
		return (thrown as { code?: string }).code ?? String(thrown);
	} finally {
		await store.close();
	}
}

if (process.argv[1] === import.meta.filename) {
	const tell = (event: IdentityProcessEvent) => process.send?.(event);
	process.once('disconnect', () => process.exit(0));
	tell({ kind: 'ready' });
	tell({ kind: 'ended', outcome: await synchronise(JSON.parse(process.argv[2] ?? '{}') as IdentityProcessOptions) });
}
