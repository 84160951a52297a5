/** Names of databases that drills make: only those are dropped by one. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { HubError } from '../errors.ts';

const PREFIX = 'hub-drill-';
const NAME = /^hub-drill-([0-9a-f]{12})-([0-9a-f]{16})$/;

/**
 * A name that Odoo accepts and that only this hub can have made.
 * @param secret of the hub; another one does not recognise the name
 */
export function scratchName(secret: string): string {
	const id = randomBytes(6).toString('hex');
	return `${PREFIX}${id}-${mark(id, secret)}`;
}

/** @throws HubError DRILL_FOREIGN */
export function requireScratch(name: string, secret: string): void {
	const [, id = '', given = ''] = NAME.exec(name) ?? [];
	const expected = mark(id, secret);
	if (given !== '' && timingSafeEqual(Buffer.from(given), Buffer.from(expected))) return;
	throw new HubError(
		'DRILL_FOREIGN',
		`“${name}” was not made by a drill of this hub, so it is not dropped. Drop it by hand.`,
	);
}

/**
 * @param typed what the person wrote
 * @throws HubError RESTORE_UNCONFIRMED when something is there and its name was not typed
 */
export function requireConfirmation(database: string, exists: boolean, typed: string | undefined): void {
	if (!exists || typed === database) return;
	throw new HubError('RESTORE_UNCONFIRMED', `The database “${database}” exists. To restore over it, type its name.`);
}

function mark(id: string, secret: string): string {
	return createHmac('sha256', secret).update(`${PREFIX}${id}`).digest('hex').slice(0, 16);
}
