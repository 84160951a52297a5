/** A flow with one `notice` node, its own mail server and a tap at its output. */

import type { FlowNode } from './node-red.ts';

/** Ids in the flow. */
export const NOTICE = 'notice';
export const OUTCOMES = 'outcomes';
export const SENDER = 'sender';

export const NOTICE_TAB: FlowNode = { id: 'flow', type: 'tab', label: 'Avisos' };

/** @param port of the mail server on this machine */
export function noticeSender(port: number): FlowNode {
	return {
		id: SENDER,
		type: 'smtp-server',
		version: 1,
		name: 'Avisos',
		host: '127.0.0.1',
		port: String(port),
		security: 'none',
		authType: 'none',
		fromAddress: 'hub@avisos.test',
		pool: '5',
	};
}

/** @param properties of the `notice` node */
export function noticeFlow(smtpPort: number, properties: Record<string, unknown>): FlowNode[] {
	return [
		NOTICE_TAB,
		noticeSender(smtpPort),
		{ id: NOTICE, type: 'notice', version: 1, z: 'flow', x: 300, y: 100, wires: [[OUTCOMES]], ...properties },
		{ id: OUTCOMES, type: 'test-tap', z: 'flow', wires: [] },
	];
}
