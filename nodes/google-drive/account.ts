/** The Google account that a node's properties name. */

import { storedConsent } from '../../lib/backup/drive-account.ts';
import type { DriveAccount } from '../../lib/drive/sign-in.ts';
import { HubError } from '../../lib/errors.ts';
import { type StoredSecrets, storedSecrets } from '../../lib/store/secrets.ts';
import type { Hub } from '../runtime/hub.ts';
import type { DriveConfig, DriveSecrets } from './config.ts';

/** Where consents lie, sealed. */
export async function consents({ store, sealer }: Pick<Hub, 'store' | 'sealer'>): Promise<StoredSecrets> {
	return (await storedSecrets(await store(), sealer())).lasting;
}

/** @throws HubError DRIVE_CONSENT when nobody has consented yet, STORE_*, CONFIG_INVALID */
export async function accountOf(
	{ accountType, clientId = '' }: DriveConfig,
	{ clientSecret = '', serviceKey }: DriveSecrets,
	hub: Pick<Hub, 'store' | 'sealer'>,
): Promise<DriveAccount> {
	if (accountType === 'service-account') return { kind: 'service-account', key: serviceKey ?? '' };
	const consent = await storedConsent(await consents(hub), clientId);
	// A secret that was renewed in Google's console goes before the one of the day of the consent.
	if (consent) return { ...consent, clientSecret };
	throw new HubError(
		'DRIVE_CONSENT',
		'Nobody has consented to Google Drive yet. Open the Google Drive connection and click “Connect”.',
	);
}
