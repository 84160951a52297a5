/** Messages that leave the node: what somebody must be told on the first output, how it is on the second. */

import type { AlarmNotice } from '../../lib/backup/alarm-notice.ts';
import { sayFinding } from '../../lib/backup/alarm-notice.ts';
import type { AlarmState } from '../../lib/backup/alarm-watch.ts';
import type { FlowMessage } from '../runtime/node-red.ts';

const iso = (time: number | undefined): string | null => (time === undefined ? null : new Date(time).toISOString());

/** Plain JSON; times as ISO 8601, sizes in bytes. */
export function statePayload({ checkedAt, findings, databases, space, signs }: AlarmState): Record<string, unknown> {
	return {
		state: findings.length > 0 ? 'alarm' : 'ok',
		checkedAt: iso(checkedAt),
		findings: findings.map((finding) => ({
			...finding,
			text: { en: sayFinding(finding, 'en'), es: sayFinding(finding, 'es') },
		})),
		databases: databases.map(({ database, newestCounting, newerNotCounting = {}, lastDrill, lastPassedDrill }) => ({
			database,
			newest: iso(newestCounting?.createdAt),
			newerNotCounting,
			drill: iso(lastDrill?.finishedAt),
			drillPassed: lastDrill?.passed ?? null,
			lastPassedDrill: iso(lastPassedDrill?.finishedAt),
		})),
		space: space ?? null,
		signs,
	};
}

/** For a `notice` node, which takes its payload as it is; what was found lies beside. */
export function noticeMessage(
	topic: 'alarm' | 'well' | 'test',
	notice: AlarmNotice,
	state: AlarmState | undefined,
): FlowMessage {
	const findings = state && topic !== 'test' ? statePayload(state)['findings'] : [];
	return { topic, payload: { ...notice }, findings };
}
