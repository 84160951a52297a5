/** A flow with one `amqp-mail` on a test's own broker and mail server, and taps at its outputs. */

import type { MailLab } from './mail-lab.ts';
import type { FlowNode } from './node-red.ts';

/** Ids in the flow. */
export const MAIL = 'mail';
export const OUTCOMES = 'outcomes';
export const HEALTH = 'health';
export const DRAFTS = 'drafts';

/** @param properties of the `amqp-mail` node beside its connections */
export function mailFlow(lab: MailLab, properties: Record<string, unknown> = {}): FlowNode[] {
	const { host, port, vhost, user, password } = lab.test.options(lab.vhost);
	const tap = (id: string): FlowNode => ({ id, type: 'test-tap', z: 'flow', x: 700, y: 100, wires: [] });
	return [
		{ id: 'flow', type: 'tab', label: 'Compras' },
		{
			id: 'broker',
			type: 'amqp-broker',
			mode: 'fields',
			host,
			port: String(port),
			vhost,
			user,
			heartbeat: '30',
			credentials: { password },
		},
		{
			id: 'smtp',
			type: 'smtp-server',
			host: '127.0.0.1',
			port: String(lab.smtp.port),
			security: 'none',
			authType: 'none',
			fromName: 'Compras',
			fromAddress: 'compras@clinica.test',
			pool: '2',
		},
		{
			id: MAIL,
			type: 'amqp-mail',
			version: 1,
			z: 'flow',
			name: 'Correo de compras',
			x: 300,
			y: 100,
			broker: 'broker',
			smtp: 'smtp',
			outputs: 3,
			levels: lab.topology.levels.map(({ name }) => name).join(' '),
			wires: [[OUTCOMES], [HEALTH], [DRAFTS]],
			...properties,
		},
		tap(OUTCOMES),
		tap(HEALTH),
		tap(DRAFTS),
	];
}

/** Delays whose names a node's properties can say. */
export const SHORT_LEVELS = [
	{ name: '1s', delayMs: 1_000 },
	{ name: '2s', delayMs: 2_000 },
];
