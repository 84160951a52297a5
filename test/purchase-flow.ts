/** The ready flow of purchase mail on a test's own broker and mail server. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { MailLab } from './mail-lab.ts';
import type { FlowNode } from './node-red.ts';

const FLOWS = path.resolve(import.meta.dirname, '../flows');

export const SAMPLE_ADDRESS = 'muestra@clinica.test';
export const NOTICE_ADDRESS = 'sistemas@clinica.test';

/** As it is shipped. */
export const PURCHASE_FLOW: FlowNode[] = read('purchase-mail.json');

/** The connections that all ready flows share, as they are shipped by themselves. */
export const CONNECTIONS: FlowNode[] = read('connections.json');

function read(file: string): FlowNode[] {
	return JSON.parse(readFileSync(path.join(FLOWS, file), 'utf8'));
}

/** With a mail server that the test plays without encryption. */
export function onLab(nodes: FlowNode[]): FlowNode[] {
	return nodes.map((node) => (node.type === 'smtp-server' ? { ...node, security: 'none', authType: 'none' } : node));
}

/** Nobody listens there (RFC 863); notices by this way wait. */
const NO_WEBHOOK = 'http://127.0.0.1:9/';

/**
 * All variables that the flow reads.
 * @param webhook address of the other way by which notices go
 */
export function flowVariables(lab: MailLab, webhook = NO_WEBHOOK): Record<string, string> {
	const { host, port, vhost, user, password } = lab.test.options(lab.vhost);
	return {
		AMQP_HOST: host,
		AMQP_PORT: String(port),
		AMQP_VHOST: vhost,
		AMQP_USER: user,
		AMQP_PASSWORD: password,
		AMQP_SAMPLE_USER: user,
		AMQP_SAMPLE_PASSWORD: password,
		AMQP_SIGNATURE_KEYS: '',
		SMTP_HOST: '127.0.0.1',
		SMTP_PORT: String(lab.smtp.port),
		SMTP_USER: '',
		SMTP_PASSWORD: '',
		SMTP_FROM: 'compras@clinica.test',
		ODOO_URL: 'http://localhost:8069',
		ODOO_DATABASE_UUIDS: '',
		HUB_SAMPLE_RECIPIENT: SAMPLE_ADDRESS,
		HUB_NOTICE_TO: NOTICE_ADDRESS,
		HUB_NOTICE_WEBHOOK: webhook,
	};
}
