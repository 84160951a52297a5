/** User directories for the mail bench: the flow of the hub, and the same made of published nodes. */
import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../../lab/ports.ts';
import { FROM, ORIGIN, POOL } from './setting.ts';

const run = promisify(execFile);
const ROOT = resolve(import.meta.dirname, '../..');

export interface FlowOptions {
	amqp: string;
	queue: string;
	smtpPort: number;
}

interface FlowFile {
	nodes: Record<string, unknown>[];
	credentials: Record<string, Record<string, string>>;
}

const TEMPLATES = join(ROOT, 'lib/mail/templates/purchase/es');

/**
 * What an analyst would wire from `node-red-contrib-amqp`, core's nodes and `node-red-node-email`: written by the
 * same Mustache templates. Nothing is checked, amounts and dates are left as they come, which only favours it.
 */
async function peerFlow({ amqp, queue, smtpPort }: FlowOptions): Promise<FlowFile> {
	const { hostname, port, username, password, pathname } = new URL(amqp);
	const [html = '', text = ''] = await Promise.all(
		['html.html', 'text.txt'].map((name) => readFile(join(TEMPLATES, name), 'utf8')),
	);
	const address = `
		const order = msg.payload;
		return {
			...order,
			to: order.recipient.address,
			from: ${JSON.stringify(FROM.address)},
			topic: 'Pedido de compra ' + order.order.number + ' · ' + order.company.name,
			headers: { 'Message-ID': '<' + order.id + '@clinica.test>' },
		};`;
	const template = (field: string, content: string) => ({
		...{ type: 'template', z: 'tab', name: '', field, fieldType: 'msg' },
		...{ format: 'handlebars', syntax: 'mustache', template: content, output: 'str' },
	});
	const server = { id: 'server', type: 'amqp-server', host: hostname, port, vhost: pathname.slice(1), keepalive: 30 };
	const smtp = { server: '127.0.0.1', port: smtpPort, secure: false, tls: false, authtype: 'NONE' };
	return {
		nodes: [
			{ id: 'tab', type: 'tab', label: 'peer' },
			server,
			{ id: 'in', type: 'amqp in', z: 'tab', server: 'server', iotype: '4', ioname: queue, wires: [['parse']] },
			{ id: 'parse', type: 'json', z: 'tab', property: 'payload', action: 'obj', wires: [['address']] },
			{ id: 'address', type: 'function', z: 'tab', func: address, outputs: 1, wires: [['html']] },
			{ id: 'html', ...template('payload', html), wires: [['text']] },
			{ id: 'text', ...template('plaintext', text), wires: [['mail']] },
			{ id: 'mail', type: 'e-mail', z: 'tab', name: '', ...smtp, wires: [] },
		],
		credentials: { server: { user: username, password } },
	};
}

function hubFlow({ amqp, queue, smtpPort }: FlowOptions): FlowFile {
	const sender = { fromName: FROM.name, fromAddress: FROM.address };
	const smtp = { host: '127.0.0.1', port: String(smtpPort), security: 'none', authType: 'none', pool: String(POOL) };
	const names = { exchange: 'email_exchange', routingKey: 'purchase.confirmed', queue, retryExchange: 'email_retry' };
	const options = { kind: 'purchase', odooUrl: ORIGIN, levels: '10s 1m', onUnknown: 'resend', deliveryLimit: '20' };
	return {
		nodes: [
			{ id: 'tab', type: 'tab', label: 'hub' },
			{ id: 'broker', type: 'amqp-broker', version: 1, mode: 'url', vhost: '/', heartbeat: '30' },
			{ id: 'smtp', type: 'smtp-server', version: 1, ...smtp, ...sender },
			{
				...{ id: 'mail', type: 'amqp-mail', version: 1, z: 'tab', broker: 'broker', smtp: 'smtp', outputs: 2 },
				...names,
				...options,
				wires: [[], []],
			},
		],
		credentials: { broker: { url: amqp } },
	};
}

/** A user directory with one of the two flows; the published nodes are installed from `bench/peers/`. */
export async function makeUserDirectory(directory: string, which: 'hub' | 'peer', options: FlowOptions): Promise<void> {
	await mkdir(directory, { recursive: true });
	const { nodes, credentials } = which === 'hub' ? hubFlow(options) : await peerFlow(options);
	const settings = {
		uiHost: '127.0.0.1',
		uiPort: await freePort(),
		credentialSecret: false,
		flowFile: 'flows.json',
		telemetry: { enabled: false },
		...(which === 'hub' ? { nodesDir: ROOT } : {}),
	};
	await writeFile(join(directory, 'settings.js'), `module.exports = ${JSON.stringify(settings)};\n`);
	await writeFile(join(directory, 'flows.json'), JSON.stringify(nodes));
	await writeFile(join(directory, 'flows_cred.json'), JSON.stringify(credentials));
	if (which === 'hub') return;
	for (const file of ['package.json', 'package-lock.json'])
		await cp(join(ROOT, 'bench/peers', file), join(directory, file));
	// Not `npm ci`: it misses semver 5.3.0, which a package in the lock bundles.
	await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: directory });
}
