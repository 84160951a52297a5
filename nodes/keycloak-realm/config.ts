/** The properties of a `keycloak-realm` node and what they mean for the reader of Keycloak. */

import { isHttpUrl } from '../../lib/http.ts';
import { addressesOf } from '../../lib/keycloak/address.ts';
import type { ReaderOptions } from '../../lib/keycloak/reader.ts';
import { custom, FieldProblem, optionalText, type Problem, secret, text, type ValuesOf } from '../runtime/fields.ts';

function readUrl(raw: unknown): string | undefined {
	const url = optionalText().read(raw);
	if (url !== undefined && !isHttpUrl(url)) throw new FieldProblem('httpUrl');
	return url?.replace(/\/+$/, '');
}

function readIssuer(raw: unknown): string {
	const issuer = readUrl(raw);
	if (issuer === undefined) throw new FieldProblem('missing');
	return issuer;
}

const fields = {
	/** Public, as tokens name it. */
	issuer: custom(readIssuer),
	/** For the hub's own calls, where it sees Keycloak under another name. */
	internalUrl: custom(readUrl),
	realm: text(),
	/** Of the reader. */
	clientId: text({ default: 'hub-reader' }),
};

const secrets = { clientSecret: secret() };

export type RealmConfig = ValuesOf<typeof fields>;
export type RealmSecrets = ValuesOf<typeof secrets>;

function validate({ issuer, realm, internalUrl }: RealmConfig, { clientSecret }: RealmSecrets): Problem[] {
	const problems: Problem[] = clientSecret ? [] : [{ field: 'clientSecret', reason: 'missing' }];
	try {
		addressesOf({ issuer, realm, internalUrl });
	} catch {
		problems.push({ field: 'issuer', reason: 'issuer', values: { realm } });
	}
	return problems;
}

export const realmNode = {
	type: 'keycloak-realm',
	fields,
	secrets,
	validate,
	address: ['issuer', 'internalUrl', 'realm', 'clientId'],
} as const;

/** What the properties say about how to read the realm. */
export function readerOptionsOf(config: RealmConfig, { clientSecret = '' }: RealmSecrets): ReaderOptions {
	return { ...config, clientSecret };
}
