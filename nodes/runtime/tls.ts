/** TLS as core's `tls-config` node holds it: deployed, or as it stands in the editor before the first deploy. */

import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { isDeepStrictEqual } from 'node:util';
import { HubError } from '../../lib/errors.ts';
import type { NodeAPI, NodeRedNode, RawNodeConfig } from './node-red.ts';

/** Defined by core's 05-tls.js. */
interface TlsConfigNode extends NodeRedNode {
	valid: boolean;
	addTLSOptions(options: ConnectionOptions): ConnectionOptions;
}

/**
 * What the deployed `tls-config` node asks for; undefined where none is chosen.
 * @throws HubError `CONFIG_INVALID` when it is missing or its files cannot be read
 */
export function tlsOptions(RED: Pick<NodeAPI, 'nodes'>, id: string | undefined): ConnectionOptions | undefined {
	if (!id) return undefined;
	const node = RED.nodes.getNode(id) as TlsConfigNode | null;
	if (node?.type !== 'tls-config')
		throw new HubError('CONFIG_INVALID', 'The chosen TLS configuration does not exist or is disabled.');
	if (!node.valid)
		throw new HubError('CONFIG_INVALID', 'The chosen TLS configuration is not valid: its files cannot be read.');
	return node.addTLSOptions({});
}

/** A `tls-config` node in the editor; `deployed` is the one that runs, if any. */
export interface ScreenNode {
	deployed: RawNodeConfig | undefined;
	config: RawNodeConfig;
	/** Only what was typed since the last deploy. */
	credentials: Record<string, unknown>;
}

/** Properties that change how well a connection is protected. */
const MEANING = 'certType cert key ca p12 certEnv keyEnv caEnv verifyservercert servername alpnprotocol'.split(' ');
const SECRETS = ['certdata', 'keydata', 'cadata', 'p12data', 'passphrase'];

/** True when the editor's node says the same as the deployed one. */
export function sameTls(RED: Pick<NodeAPI, 'nodes'>, { deployed, config, credentials }: ScreenNode): boolean {
	if (!deployed) return false;
	const stored = RED.nodes.getCredentials(config.id) ?? {};
	return (
		MEANING.every((name) => isDeepStrictEqual(config[name] ?? '', deployed[name] ?? '')) &&
		SECRETS.every((name) => isUntouched(credentials[name]) || credentials[name] === (stored[name] ?? ''))
	);
}

/**
 * The options of the editor's node. Where it was not changed, those of the deployed one.
 * @throws HubError `CONFIG_INVALID` when a file cannot be read
 */
export function tlsOf(RED: Pick<NodeAPI, 'nodes'>, screen: ScreenNode): ConnectionOptions | undefined {
	const { config, credentials } = screen;
	if (sameTls(RED, screen)) return tlsOptions(RED, config.id);
	const stored = RED.nodes.getCredentials(config.id) ?? {};
	const secret = (name: string) => String((isUntouched(credentials[name]) ? stored[name] : credentials[name]) ?? '');
	const property = (name: string) => String(config[name] ?? '').trim();
	const variable = (name: string) => process.env[property(name).replace(/^\$\{(.+)\}$/, '$1')] ?? '';
	const options: ConnectionOptions = { rejectUnauthorized: config['verifyservercert'] !== false };
	const put = (name: 'cert' | 'key' | 'ca', value: string | Buffer) => {
		if (value.length) options[name] = value;
	};
	for (const name of ['cert', 'key', 'ca'] as const) {
		if (config['certType'] === 'pfx') continue;
		if (config['certType'] === 'env') put(name, variable(`${name}Env`));
		else put(name, property(name) ? fileOf(property(name)) : secret(`${name}data`));
	}
	if (config['certType'] === 'pfx')
		options.pfx = property('p12') ? fileOf(property('p12')) : Buffer.from(secret('p12data'), 'base64');
	if (secret('passphrase')) options.passphrase = secret('passphrase');
	if (property('servername')) options.servername = property('servername');
	if (property('alpnprotocol')) options.ALPNProtocols = [property('alpnprotocol')];
	return options;
}

function isUntouched(value: unknown): boolean {
	return value === undefined || value === '__PWRD__';
}

function fileOf(path: string): Buffer {
	try {
		return readFileSync(path);
	} catch (thrown) {
		const code = (thrown as NodeJS.ErrnoException).code ?? 'unreadable';
		throw new HubError('CONFIG_INVALID', `A file of the TLS configuration cannot be read (${code}).`, {
			cause: thrown,
		});
	}
}
