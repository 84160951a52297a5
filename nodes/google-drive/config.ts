/** The properties of a `google-drive` node and what they mean for the client. */

import { serviceAccountOf } from '../../lib/drive/sign-in.ts';
import { HubError } from '../../lib/errors.ts';
import {
	choice,
	custom,
	FieldProblem,
	optionalText,
	type Problem,
	secret,
	text,
	type ValuesOf,
} from '../runtime/fields.ts';

/** A mail domain as it stands behind the @. */
const DOMAIN = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i;

function readDomains(raw: unknown): string[] {
	const domains = (optionalText().read(raw) ?? '').split(/[\s,;]+/).filter((domain) => domain !== '');
	if (!domains.every((domain) => DOMAIN.test(domain))) throw new FieldProblem('domains');
	return domains.map((domain) => domain.toLowerCase());
}

/** The whole JSON that Google's console gives to download. */
function readServiceKey(raw: unknown): string | undefined {
	const key = secret().read(raw);
	if (key === undefined) return undefined;
	try {
		serviceAccountOf(key);
	} catch (thrown) {
		if (thrown instanceof HubError) throw new FieldProblem('serviceKey');
		throw thrown;
	}
	return key;
}

const fields = {
	accountType: choice('service-account', 'consent'),
	/** Of the OAuth client. */
	clientId: optionalText(),
	/** Id or address of the folder that a service account was given. */
	folder: optionalText(),
	/** What the hub calls its own folder, which it makes with a consent. */
	folderName: text({ default: 'Respaldos' }),
	/** What the account may do there; retention trashes, uploads only add. */
	purpose: choice('upload', 'retention'),
	/** Mail domains of the clinic: whoever else the folder is shared with is an outsider. */
	domains: custom(readDomains),
};

const secrets = { clientSecret: secret(), serviceKey: custom(readServiceKey) };

export type DriveConfig = ValuesOf<typeof fields>;
export type DriveSecrets = ValuesOf<typeof secrets>;

function validate(
	{ accountType, clientId, folder }: DriveConfig,
	{ clientSecret, serviceKey }: DriveSecrets,
): Problem[] {
	const needed = { 'service-account': { serviceKey, folder }, consent: { clientId, clientSecret } }[accountType];
	return Object.entries(needed).flatMap(([field, value]) => (value ? [] : [{ field, reason: 'missing' }]));
}

/**
 * Where secrets go is no property: Google, or what IT sets in `DRIVE_API_URL`. An analyst could otherwise have them sent to a
 * place of their own. So no property decides it, and no change asks to type a secret again.
 */
export const driveNode = {
	type: 'google-drive',
	fields,
	secrets,
	validate,
	address: [],
} as const;

/** As IT sets it. */
export function apiUrl(): { apiUrl?: string } {
	const url = process.env['DRIVE_API_URL'];
	return url ? { apiUrl: url } : {};
}
