/** The properties of an `odoo-restore` node and what they mean for a drill. */

import type { OdooPlace } from '../../lib/backup/place.ts';
import type { DrillTarget } from '../../lib/backup/restore-drill.ts';
import { HubError } from '../../lib/errors.ts';
import { choice, custom, FieldProblem, flag, reference, secret, type ValuesOf } from '../runtime/fields.ts';
import { verifyingKeys } from '../runtime/verifying-keys.ts';

/** Their check sums are looked at when they are used; the package for that is loaded only then. */
const IDENTITY = /^AGE-SECRET-KEY-1[0-9A-Z]{58}$/;

function readIdentities(raw: unknown): string[] {
	const keys = (secret().read(raw) ?? '').split(/[\s,;]+/).filter((word) => word !== '');
	if (keys.every((key) => IDENTITY.test(key))) return keys;
	throw new FieldProblem('key');
}

const fields = {
	/** Where drills restore to; never the Odoo that is backed up. */
	target: reference(),
	/** `manager`: by Odoo's database manager. `direct`: into PostgreSQL and a folder of attachments. */
	way: choice('manager', 'direct'),
	verifying: verifyingKeys(),
	/** The downloaded file goes when a drill has passed. */
	remove: flag(true),
};

const secrets = {
	/** Secret drill keys, newest first; none where backups are not encrypted. */
	drill: custom(readIdentities),
};

export type RestoreConfig = ValuesOf<typeof fields>;
export type RestoreSecrets = ValuesOf<typeof secrets>;

export const restoreNode = { type: 'odoo-restore', fields, secrets, address: [] } as const;

/** @throws HubError CONFIG_INVALID when the connection lacks what the chosen way needs */
export function drillTarget(way: RestoreConfig['way'], { url, masterPassword, direct }: OdooPlace): DrillTarget {
	if (way === 'manager') {
		if (masterPassword) return { kind: 'manager', url, masterPassword };
		throw new HubError('CONFIG_INVALID', 'The connection of the drill target needs the master password.');
	}
	if (!direct) {
		throw new HubError('CONFIG_INVALID', 'The connection of the drill target must name PostgreSQL and the filestore.');
	}
	const { host, port, user, password, filestore } = direct;
	return { kind: 'direct', postgres: { host, port, user, password }, filestore };
}
