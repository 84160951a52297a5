/** The properties of an `odoo-restore` node and what they mean for drills and restores. */

import { isDatabaseName, type OdooPlace } from '../../lib/backup/place.ts';
import type { DrillTarget } from '../../lib/backup/restore-drill.ts';
import type { RestoreTarget } from '../../lib/backup/restore-place.ts';
import { HubError } from '../../lib/errors.ts';
import type { OdooConnection } from '../odoo-server/connection.ts';
import { drillKeys, verifyingKeys } from '../runtime/backup-keys.ts';
import { choice, custom, FieldProblem, flag, optionalText, reference, type ValuesOf } from '../runtime/fields.ts';

function readInto(raw: unknown): string | undefined {
	const name = optionalText().read(raw);
	if (name === undefined || isDatabaseName(name)) return name;
	throw new FieldProblem('databases', { text: name.slice(0, MAX_SHOWN) });
}

/** Of a wrong name, in a status: as long as a right one may be. */
const MAX_SHOWN = 63;

const fields = {
	/** `drill`: into a scratch database that is removed again. `restore`: for work, once a person typed the name. */
	purpose: choice('drill', 'restore'),
	/** Where to; for drills never the Odoo that is backed up. */
	target: reference(),
	/** Name of the database that a restore makes; empty: that of the backup. */
	into: custom(readInto),
	/** `manager`: by Odoo's database manager. `direct`: into PostgreSQL and a folder of attachments. */
	way: choice('manager', 'direct'),
	verifying: verifyingKeys(),
	/** The downloaded file goes when it was restored and agreed. */
	remove: flag(true),
};

const secrets = {
	/** Secret drill keys, newest first; none where backups are not encrypted. */
	drill: drillKeys(),
};

export type RestoreConfig = ValuesOf<typeof fields>;
export type RestoreSecrets = ValuesOf<typeof secrets>;

export const restoreNode = { type: 'odoo-restore', fields, secrets, address: [] } as const;

/** @throws HubError CONFIG_INVALID when the connection lacks what the chosen way needs */
export function drillTarget(way: RestoreConfig['way'], place: OdooPlace): DrillTarget {
	return way === 'manager' ? { kind: 'manager', ...managerOf(place) } : { kind: 'direct', ...directOf(place) };
}

/** By PostgreSQL, else by the connection's login, a restored database is made safe. @throws HubError as `drillTarget` */
export function restoreTarget(way: RestoreConfig['way'], { place, login }: OdooConnection): RestoreTarget {
	if (way === 'direct') return { kind: 'direct', ...directOf(place) };
	const target = { kind: 'manager', address: managerOf(place) } as const;
	if (place.direct) return { ...target, ...directOf(place) };
	if (login) return { ...target, administrator: async () => ({ user: login.user, password: login.apiKey }) };
	throw new HubError(
		'CONFIG_INVALID',
		'The connection must name PostgreSQL, or an administrator with an API key: old sessions and waiting mails of a restored database are not left alone.',
	);
}

function managerOf({ url, masterPassword }: OdooPlace): { url: string; masterPassword: string } {
	if (masterPassword) return { url, masterPassword };
	throw new HubError('CONFIG_INVALID', 'The connection of the target needs the master password.');
}

function directOf({ direct }: OdooPlace) {
	if (!direct)
		throw new HubError('CONFIG_INVALID', 'The connection of the target must name PostgreSQL and the filestore.');
	const { host, port, user, password, filestore } = direct;
	return { postgres: { host, port, user, password }, filestore };
}
