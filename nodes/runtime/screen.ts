/**
 * A connection as it stands in an editor's dialog, before it is deployed. Secrets that were deployed earlier never reach
 * the browser: the dialog sends a placeholder for them, and here they are put back, but only for the place they were
 * given for.
 */

import type { ConnectionOptions } from 'node:tls';
import { HubError } from '../../lib/errors.ts';
import { textOf } from './admin-route.ts';
import { type Fields, type Problem, problemPhrase, readFields, type ValuesOf } from './fields.ts';
import { migrate } from './migrate.ts';
import type { NodeDefinition } from './node-definition.ts';
import type { NodeAPI, RawNodeConfig } from './node-red.ts';
import type { Phrase } from './phrase.ts';
import { type ScreenNode, sameTls, tlsOf } from './tls.ts';
import { replaceVariables } from './variables.ts';

/** What Node-RED's editor shows and sends for a stored credential that was not touched. */
const PLACEHOLDER = '__PWRD__';

/** The parts of a node's definition that say how its properties are read. */
export type Described<F extends Fields, S extends Fields> = Pick<
	NodeDefinition<F, S, unknown>,
	'type' | 'fields' | 'secrets' | 'migrations' | 'validate'
> & {
	/** Properties that decide where secrets go, as whom, and how well protected on the way. */
	address: readonly (keyof F & string)[];
	/** Property with the id of a `tls-config` node. */
	tlsField?: keyof F & string;
};

export type Screen<F extends Fields, S extends Fields> =
	| { config: ValuesOf<F>; secrets: ValuesOf<S>; tls: ConnectionOptions | undefined; problems: [] }
	| { problems: Phrase[] };

/**
 * Reads the dialog: `{ id, config, credentials, tls? }`.
 * @throws HubError `SECRET_RETYPE` when an untouched secret would go to another address than it was deployed for
 */
export function readScreen<F extends Fields, S extends Fields>(
	RED: NodeAPI,
	node: Described<F, S>,
	body: Record<string, unknown>,
): Screen<F, S> {
	const id = textOf(body['id']);
	const typed = recordOf(body['config']);
	const deployed = deployedConfig(RED, id, node.type);
	const config = migrate({ ...typed, id, type: node.type }, node.migrations);
	const tls = tlsScreen(RED, node, config, body);
	const untouched = () => sameAddress(RED, node, config, deployed) && (!tls || sameTls(RED, tls));

	const credentials = recordOf(body['credentials']);
	const stored = (deployed && RED.nodes.getCredentials(id)) || {};
	const given: Record<string, unknown> = {};
	for (const name of Object.keys(node.secrets ?? {})) {
		const value = credentials[name];
		given[name] = value === PLACEHOLDER ? stored[name] : value;
		if (value === PLACEHOLDER && stored[name] && !untouched()) throw retype();
	}

	const read = readFields(node.fields, replaceVariables(RED, config, id));
	const secrets = readFields((node.secrets ?? {}) as S, replaceVariables(RED, given, id));
	const problems: Problem[] = [...read.problems, ...secrets.problems];
	if (read.values && secrets.values) problems.push(...(node.validate?.(read.values, secrets.values) ?? []));
	if (problems.length || !read.values || !secrets.values)
		return { problems: problems.map((problem) => problemPhrase(node.type, problem)) };
	return { config: read.values, secrets: secrets.values, tls: tls && tlsOf(RED, tls), problems: [] };
}

function retype(): HubError {
	return new HubError(
		'SECRET_RETYPE',
		'The address was changed since the secret was saved. Type the password (or key) again: a saved one is never sent to another address.',
	);
}

/** Compared after variables are replaced and defaults filled in, so that only what is really another address counts. */
function sameAddress<F extends Fields, S extends Fields>(
	RED: NodeAPI,
	{ fields, address, migrations }: Described<F, S>,
	config: RawNodeConfig,
	deployed: RawNodeConfig | undefined,
): boolean {
	if (!deployed) return false;
	const now = replaceVariables(RED, config, config.id);
	const then = replaceVariables(RED, migrate(deployed, migrations), config.id);
	return address.every((name) => {
		const field = { [name]: fields[name] as F[string] };
		const [a, b] = [readFields(field, now), readFields(field, then)];
		return a.values !== undefined && b.values !== undefined && a.values[name] === b.values[name];
	});
}

function deployedConfig(RED: NodeAPI, id: string, type: string): RawNodeConfig | undefined {
	let found: RawNodeConfig | undefined;
	RED.nodes.eachNode((config) => {
		if (config.id === id && config.type === type) found = config;
	});
	return found;
}

function tlsScreen<F extends Fields, S extends Fields>(
	RED: NodeAPI,
	{ tlsField }: Described<F, S>,
	config: RawNodeConfig,
	body: Record<string, unknown>,
): ScreenNode | undefined {
	const id = tlsField && config[tlsField];
	if (typeof id !== 'string' || !id || id === '_ADD_') return undefined;
	const { config: typed, credentials } = recordOf(body['tls']);
	const deployed = deployedConfig(RED, id, 'tls-config');
	if (!deployed && !typed)
		throw new HubError('CONFIG_INVALID', 'The chosen TLS configuration does not exist: choose another one.');
	return {
		deployed,
		config: { ...(typed ? recordOf(typed) : deployed), id, type: 'tls-config' },
		credentials: recordOf(credentials),
	};
}

function recordOf(value: unknown): Record<string, unknown> {
	return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
