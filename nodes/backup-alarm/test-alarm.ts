/** What the button "Test the alarm" of the dialog does: the node as it is deployed sends a test, and says who took it. */

import { HubError } from '../../lib/errors.ts';
import { adminRoute, textOf } from '../runtime/admin-route.ts';
import type { Finding, ProbeAnswer } from '../runtime/connection-test.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import type { Running } from './backup-alarm.ts';
import { alarmNode } from './config.ts';
import { trialPhrase } from './status.ts';
import type { ChannelResult } from './trial.ts';

/** It reaches people in the clinic's name: an administrator's right, beside the one to deploy. */
const PERMISSION = ['flows.write', 'clinic-hub.backup.test-alarm'];

const NAMES: Record<string, Finding['text']> = {
	mail: { en: 'Mail', es: 'Correo' },
	webhook: { en: 'Webhook', es: 'Webhook' },
};

const OUTCOMES: Record<ChannelResult['outcome'], Finding['text']> = {
	delivered: { en: 'taken', es: 'lo recibió' },
	refused: { en: 'refused', es: 'lo rechazó' },
	unknown: { en: 'not known whether it arrived', es: 'no se sabe si llegó' },
	waiting: { en: 'not taken yet, is tried again', es: 'aún no lo recibió, se vuelve a intentar' },
};

/** Adds the route. Call once. */
export function defineAlarmTest(RED: NodeAPI, running: ReadonlyMap<string, Running>): void {
	adminRoute(RED, {
		method: 'post',
		path: `test/${alarmNode.type}`,
		permission: PERMISSION,
		async handle({ body, actor, signal }): Promise<ProbeAnswer> {
			const node = running.get(textOf(body['id']));
			if (!node) throw new HubError('NOT_FOUND', 'The node does not run: deploy it, and see what its status says.');
			const result = await node.test(actor, signal);
			const phrase = trialPhrase(result);
			const ok = result.channels.length > 0 && result.channels.every(({ outcome }) => outcome === 'delivered');
			return { ok, phrase, findings: result.channels.map(findingOf) };
		},
	});
}

function findingOf({ channel, outcome, reason }: ChannelResult): Finding {
	const say = (language: 'en' | 'es') => {
		const name = NAMES[channel]?.[language] ?? channel;
		return `${name}: ${OUTCOMES[outcome][language]}.${reason ? ` ${reason}` : ''}`;
	};
	return { level: outcome === 'delivered' ? 'ok' : 'failed', text: { en: say('en'), es: say('es') } };
}
