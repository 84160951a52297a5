/** How the notices of a node are, in words and numbers. */

import type { HealthState } from '../../lib/health.ts';
import type { Notices } from '../../lib/notices/notices.ts';
import type { Phrase } from '../runtime/phrase.ts';
import type { Tone } from '../runtime/status.ts';

const TONE = { ok: 'ready', degraded: 'waiting', failed: 'problem' } as const satisfies Record<HealthState, Tone>;

/** @param told deliveries since the node was started */
export function noticeStatus(
	{ state, report }: Pick<Notices, 'state' | 'report'>,
	told: number,
): { tone: Tone; phrase: Phrase } {
	const { couriers, alone, storeFailure } = state;
	const waiting = couriers.reduce((sum, courier) => sum + courier.waiting, 0);
	const failing = couriers.filter(({ failure }) => failure !== undefined);
	const tone = TONE[report.state];
	const say = (key: string, values: Phrase['values'] = {}) => ({
		tone,
		phrase: { key: `notice.status.${key}`, values: { ...values, told, waiting } },
	});
	if (storeFailure !== undefined) return say('store');
	if (alone) return say('alone', { about: { key: `notice.about.${alone.about}` } });
	if (failing.length > 0)
		return say('failing', { channels: failing.map(({ name }) => ({ key: `notice.channel.${name}` })) });
	return { ...say('ready'), tone: waiting > 0 ? 'busy' : tone };
}
