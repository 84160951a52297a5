/** Which Google account the hub and its command use, by the same variables and the same stored consent. */

import type { Consent } from '../drive/consent.ts';
import type { DriveAccount } from '../drive/sign-in.ts';
import { HubError } from '../errors.ts';
import type { StoredSecrets } from '../store/secrets.ts';

/** The name of a consent among the stored secrets: one a client. */
const consentName = (clientId: string): string => `drive-consent/${clientId}`;

export async function storeConsent(secrets: StoredSecrets, consent: Consent): Promise<void> {
	await secrets.set(consentName(consent.clientId), JSON.stringify(consent));
}

/** Undefined when nobody has consented with that client yet. @throws HubError `STORE_KEY`, `STORE_UNAVAILABLE` */
export async function storedConsent(secrets: StoredSecrets, clientId: string): Promise<Consent | undefined> {
	const text = await secrets.get(consentName(clientId));
	return text === undefined ? undefined : (JSON.parse(text) as Consent);
}

/**
 * A service account (`DRIVE_SERVICE_ACCOUNT`) goes before a consent (`DRIVE_CLIENT_ID`, `DRIVE_CLIENT_SECRET`).
 * @throws HubError `CONFIG_INVALID` when there is neither, `DRIVE_CONSENT` when nobody has consented yet
 */
export async function driveAccount(
	environment: Readonly<Record<string, string | undefined>>,
	secrets: () => Promise<StoredSecrets>,
): Promise<DriveAccount> {
	const key = environment['DRIVE_SERVICE_ACCOUNT'];
	if (key) return { kind: 'service-account', key };
	const clientId = environment['DRIVE_CLIENT_ID'];
	const clientSecret = environment['DRIVE_CLIENT_SECRET'];
	if (!clientId || !clientSecret) {
		throw new HubError(
			'CONFIG_INVALID',
			'No account of Google Drive: set DRIVE_SERVICE_ACCOUNT, or DRIVE_CLIENT_ID and DRIVE_CLIENT_SECRET.',
		);
	}
	const consent = await storedConsent(await secrets(), clientId);
	// A secret that was renewed in Google's console goes before the one of the day of the consent.
	if (consent) return { ...consent, clientSecret };
	throw new HubError(
		'DRIVE_CONSENT',
		'Nobody has consented to Google Drive with this OAuth client yet. Run "clinic-hub drive connect", or connect in the editor.',
	);
}
