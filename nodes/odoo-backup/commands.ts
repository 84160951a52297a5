/** What a message at the input asks for, by its topic. */

import type { RunInput } from '../../lib/backup/backup-events.ts';
import type { Backups } from '../../lib/backup/run-backup.ts';
import type { RunTrigger } from '../../lib/backup/runs.ts';
import { HubError } from '../../lib/errors.ts';
import { lastPayload } from './messages.ts';

export type Command =
	| { kind: 'backup'; input: Pick<RunInput, 'trigger' | 'databases'> }
	| { kind: 'cancel' }
	| { kind: 'state' };

/** Schedules send no topic. */
const BACKUP_TOPICS: readonly unknown[] = [undefined, '', 'backup'];

/** @throws HubError CONFIG_INVALID for an unknown command or names that are none */
export function commandOf(topic: unknown, payload: unknown): Command {
	if (BACKUP_TOPICS.includes(topic)) return { kind: 'backup', input: inputOf(payload) };
	if (topic === 'cancel' || topic === 'state') return { kind: topic };
	throw new HubError('CONFIG_INVALID', 'msg.topic must be backup (or empty), cancel or state.');
}

function inputOf(payload: unknown): Pick<RunInput, 'trigger' | 'databases'> {
	const { databases, trigger } = (typeof payload === 'object' && payload !== null ? payload : {}) as Record<
		string,
		unknown
	>;
	const names = databases === undefined ? undefined : [databases].flat();
	if (names?.length === 0 || names?.some((name) => typeof name !== 'string' || name === '')) {
		throw new HubError('CONFIG_INVALID', 'msg.payload.databases must be the name of a database, or a list of names.');
	}
	const by: RunTrigger = trigger === 'hand' ? 'hand' : 'schedule';
	return { trigger: by, ...(names ? { databases: names as string[] } : {}) };
}

/** How it is now: nothing is asked of Odoo, nothing is changed. */
export function stateAnswer({ state, report }: Pick<Backups, 'state' | 'report'>): Record<string, unknown> {
	return {
		state: report.state,
		running: state.running && { ...state.running },
		last: state.last.map(lastPayload),
	};
}
