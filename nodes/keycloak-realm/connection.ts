import type { RealmReader } from '../../lib/keycloak/reader.ts';
import { connectionOf } from '../runtime/connection.ts';

/** What a `keycloak-realm` offers: one reader for all nodes that choose it, so that they share its token. */
export interface RealmConnection {
	reader: RealmReader;
	/** The first part of the key of a user, beside `sub`. */
	issuer: string;
}

/** What a `keycloak-realm` node offers. */
export const realmConnection = connectionOf<RealmConnection>('keycloak-realm');
