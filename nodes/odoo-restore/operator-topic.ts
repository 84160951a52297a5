/**
 * What an operator does with restores: begins one by typing the name of the database, or drops it from the list.
 * `defineRestoreTopic` is called once in the node file; each running node adds itself as a source.
 */

import type { HeldRestore, HeldRestores } from '../../lib/backup/held-restores.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import {
	defineOperatorTopic,
	type OperatorSources,
	operatorAction,
	type SourceState,
} from '../runtime/operator-actions.ts';
import { chosenOf, groupOf, groupsOf, onlyId, select } from '../runtime/operator-selection.ts';
import type { OperatorList, OperatorResult } from '../runtime/operator-view.ts';
import { label, restoreView } from './operator-view.ts';

const ROW = { id: ({ id }: HeldRestore) => id, group: ({ database }: HeldRestore) => database };

/** Registers routes and view of the topic `restore`. */
export function defineRestoreTopic(RED: NodeAPI): OperatorSources<HeldRestores> {
	return defineOperatorTopic<HeldRestores>(RED, {
		name: 'restore',
		view: restoreView,
		state: stateOf,
		actions: {
			list: operatorAction({
				audited: false,
				parse: groupOf,
				run: async (source: HeldRestores, database) => list(source.waiting, database),
			}),
			begin: operatorAction({
				parse: ({ ids, id, typed }) => ({
					id: onlyId(ids ?? id),
					typed: typeof typed === 'string' ? typed.trim() : undefined,
				}),
				subject: ({ id }) => id,
				details: (_input, result) => ({ into: (result as { into: string }).into }),
				// Told by status and output: nobody waits for hours with a finger on the button.
				run: async (source: HeldRestores, { id, typed }, { actor }) => {
					const { into } = source.begin(id, typed, actor);
					return { into, note: label('begun', { into }) };
				},
			}),
			discard: operatorAction({
				parse: chosenOf,
				subject: ({ ids, group }) => group ?? ids.join(' '),
				run: async (source: HeldRestores, asked): Promise<OperatorResult> => {
					const { chosen, missing } = select(source.waiting, asked, ROW);
					for (const { id } of chosen) await source.discard(id);
					return { done: chosen.length, missing };
				},
			}),
			cancel: operatorAction({
				parse: () => ({}),
				run: async (source: HeldRestores) => ({ note: label(source.cancel() ? 'cancelled' : 'idle') }),
			}),
		},
	});
}

function stateOf({ waiting, running }: HeldRestores): SourceState {
	return {
		tone: waiting.length > 0 ? 'attention' : 'ok',
		phrase: running ? label('running', { into: running.into }) : label('waiting', { number: waiting.length }),
		revision: JSON.stringify([running?.id ?? null, waiting.map(({ id, since }) => [id, since])]),
		flags: { running: running !== undefined },
		count: waiting.length,
	};
}

function list(waiting: readonly HeldRestore[], database: string | undefined): OperatorList {
	return {
		rows: waiting
			.filter((held) => database === undefined || held.database === database)
			.map(({ id, database: of, startedAt, into, replaces }) => ({
				...{ id, database: of, startedAt: Date.parse(startedAt), into },
				what: label(replaces ? 'replaces' : 'makes'),
			})),
		groups: groupsOf(waiting.map(ROW.group)),
	};
}
