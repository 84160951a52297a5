/** The properties of an `odoo-server` node and what they mean for the clients of Odoo. */

import type { OdooPlace } from '../../lib/backup/place.ts';
import { isDatabaseName } from '../../lib/backup/place.ts';
import { isHttpUrl } from '../../lib/http.ts';
import {
	choice,
	custom,
	FieldProblem,
	flag,
	integer,
	optionalFolder,
	optionalText,
	type Problem,
	secret,
	text,
	type ValuesOf,
} from '../runtime/fields.ts';
import type { OdooConnection } from './connection.ts';

/** PostgreSQL's own. */
const PORT = { min: 1, max: 65_535, default: 5432 };

/** Of a wrong name, in a status: as long as a right one may be. */
const MAX_SHOWN = 63;

/** Databases that one node takes care of; more are a list that was pasted by mistake. */
const MAX_DATABASES = 200;

function readUrl(raw: unknown): string {
	const url = text().read(raw);
	if (!isHttpUrl(url)) throw new FieldProblem('httpUrl');
	return url;
}

/** Names separated by commas or blanks; Odoo's manager allows neither in a name. */
function readDatabases(raw: unknown): string[] {
	const names = (optionalText().read(raw) ?? '').split(/[\s,;]+/).filter((name) => name !== '');
	const wrong = names.find((name) => !isDatabaseName(name));
	if (wrong !== undefined) throw new FieldProblem('databases', { text: wrong.slice(0, MAX_SHOWN) });
	if (names.length > MAX_DATABASES) throw new FieldProblem('tooMany', { max: MAX_DATABASES });
	return [...new Set(names)];
}

const fields = {
	url: custom(readUrl),
	/** `list`: those named below. `all`: every one that Odoo shows. */
	which: choice('list', 'all'),
	databases: custom(readDatabases),
	/** Empty: no login; then nothing is asked of Odoo but by its manager. */
	user: optionalText(),
	/** The direct way, past Odoo: PostgreSQL and the folder of attachments. */
	direct: flag(false),
	pgHost: optionalText({ pattern: /^[^\s@]+$/, reason: 'host' }),
	pgPort: integer(PORT),
	pgUser: optionalText(),
	filestore: optionalFolder(),
};

const secrets = { masterPassword: secret(), apiKey: secret(), pgPassword: secret() };

export type OdooConfig = ValuesOf<typeof fields>;
export type OdooSecrets = ValuesOf<typeof secrets>;

function validate(config: OdooConfig, { apiKey }: OdooSecrets): Problem[] {
	const { which, databases, user, direct, pgHost, pgUser, filestore } = config;
	const needed = {
		...(which === 'list' ? { databases: databases.length } : {}),
		...(user ? { apiKey } : {}),
		...(direct ? { pgHost, pgUser, filestore } : {}),
	};
	return Object.entries(needed).flatMap(([field, value]) => (value ? [] : [{ field, reason: 'missing' }]));
}

export const odooNode = {
	type: 'odoo-server',
	fields,
	secrets,
	validate,
	address: ['url', 'user', 'direct', 'pgHost', 'pgPort', 'pgUser'],
} as const;

/** What the properties say about how to reach Odoo. */
export function connectionOfConfig(config: OdooConfig, secretsOfNode: OdooSecrets): OdooConnection {
	const { user } = config;
	const { apiKey } = secretsOfNode;
	return { place: placeOf(config, secretsOfNode), login: user && apiKey ? { user, apiKey } : undefined };
}

function placeOf(config: OdooConfig, { masterPassword, pgPassword }: OdooSecrets): OdooPlace {
	const { url, which, databases, direct, pgHost, pgPort, pgUser, filestore } = config;
	return {
		url,
		databases: which === 'all' ? null : databases,
		...(masterPassword ? { masterPassword } : {}),
		...(direct && pgHost && pgUser && filestore
			? { direct: { host: pgHost, port: pgPort, user: pgUser, password: pgPassword ?? '', filestore } }
			: {}),
	};
}
