import type { OdooPlace } from '../../lib/backup/place.ts';
import { connectionOf } from '../runtime/connection.ts';

/** What an `odoo-server` offers: how to reach it. Holds secrets: for code only. */
export interface OdooConnection {
	place: OdooPlace;
	/** Undefined without a login. */
	login: { user: string; apiKey: string } | undefined;
}

/** What an `odoo-server` node offers. */
export const odooConnection = connectionOf<OdooConnection>('odoo-server');
