/**
 * What an operator does with backups: begins and cancels them, and accepts one that lacks files of the source.
 * `defineBackupTopic` is called once in the node file; each running node adds itself as a source.
 */

import type { IncompleteBackup } from '../../lib/backup/incomplete.ts';
import type { Backups } from '../../lib/backup/run-backup.ts';
import { HubError } from '../../lib/errors.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import {
	defineOperatorTopic,
	type OperatorSources,
	operatorAction,
	type SourceState,
} from '../runtime/operator-actions.ts';
import { type Chosen, chosenOf, groupOf, groupsOf, idOf, select } from '../runtime/operator-selection.ts';
import type { OperatorDetail, OperatorList, OperatorResult } from '../runtime/operator-view.ts';
import { ofNode } from '../runtime/phrase.ts';
import { backupView, label } from './operator-view.ts';
import { backupStatus } from './status.ts';

/** What the topic needs of a running node. */
export interface BackupSourceNode {
	incomplete(): Promise<IncompleteBackup[]>;
	accept(backups: readonly IncompleteBackup[]): Promise<void>;
	begin(actor: string): void;
	cancel(actor: string): boolean;
	state(): SourceState;
}

/** Names that are listed in full. */
const NAMES_SHOWN = 500;

/** The face of a running node towards the operator. */
export function backupSource(backups: Backups): BackupSourceNode {
	return {
		incomplete: () => backups.incomplete(),
		accept: (chosen) => backups.accept(chosen),
		// Told by status and second output: nobody waits for hours with a finger on the button.
		begin: (actor) =>
			void backups.run({ trigger: 'hand', actor }).catch((thrown: unknown) => backups.tellFailure(thrown)),
		cancel: (actor) => backups.cancel(actor),
		state() {
			const { tone, phrase } = backupStatus(backups.state);
			const { running, last } = backups.state;
			return {
				tone: tone === 'waiting' ? 'attention' : 'ok',
				phrase: ofNode('odoo-backup', phrase),
				revision: JSON.stringify([
					running?.database ?? null,
					last.map(({ finishedAt, outcome }) => [finishedAt, outcome]),
				]),
				flags: { running: running !== null },
			};
		},
	};
}

/** Registers routes and view of the topic `backup`. */
export function defineBackupTopic(RED: NodeAPI): OperatorSources<BackupSourceNode> {
	return defineOperatorTopic<BackupSourceNode>(RED, {
		name: 'backup',
		view: backupView,
		state: (source) => source.state(),
		actions: {
			list: operatorAction({
				audited: false,
				parse: groupOf,
				run: async (source: BackupSourceNode, database) => list(await source.incomplete(), database),
			}),
			inspect: operatorAction({
				audited: false,
				parse: ({ id }) => ({ id: idOf(id) }),
				run: async (source: BackupSourceNode, { id }) => inspect(await source.incomplete(), id),
			}),
			accept: operatorAction({
				parse: chosenOf,
				subject: ({ ids, group }) => group ?? ids.join(' '),
				details: (_input, result) => ({ ...(result as OperatorResult) }),
				run: accept,
			}),
			start: operatorAction({
				parse: () => ({}),
				run: async (source: BackupSourceNode, _input, { actor }) => {
					source.begin(actor);
					return { note: label('started') };
				},
			}),
			cancel: operatorAction({
				// Recorded with the database in lib/backup/run-backup.ts.
				audited: false,
				parse: () => ({}),
				run: async (source: BackupSourceNode, _input, { actor }) => ({
					note: label(source.cancel(actor) ? 'cancelled' : 'idle'),
				}),
			}),
		},
	});
}

function list(backups: IncompleteBackup[], database: string | undefined): OperatorList {
	return {
		rows: backups
			.filter(({ claim }) => database === undefined || claim.database === database)
			.map(({ claim, finishedAt, open }) => ({
				...{ id: claim.id, database: claim.database, since: finishedAt, missing: open.length },
			})),
		groups: groupsOf(backups.map(({ claim }) => claim.database)),
	};
}

function inspect(backups: IncompleteBackup[], id: string): OperatorDetail {
	const { claim, open, finishedAt } = known(backups, id);
	const fact = (name: string, value: unknown, kind: OperatorDetail['facts'][number]['kind'] = 'text') => ({
		...{ label: label(`fact.${name}`).key, value, kind },
	});
	return {
		facts: [
			fact('database', claim.database),
			fact('finishedAt', finishedAt, 'time'),
			fact('missing', open.length, 'number'),
			fact('id', claim.id),
		],
		text: open.slice(0, NAMES_SHOWN).join('\n'),
	};
}

/** From now on these files may be missing in every backup of that database. */
async function accept(source: BackupSourceNode, asked: Chosen): Promise<OperatorResult> {
	const { chosen, missing } = select(await source.incomplete(), asked, {
		id: ({ claim }) => claim.id,
		group: ({ claim }) => claim.database,
	});
	await source.accept(chosen);
	return { done: chosen.length, missing };
}

function known(backups: IncompleteBackup[], id: string): IncompleteBackup {
	const found = backups.find(({ claim }) => claim.id === id);
	if (!found) throw new HubError('NOT_FOUND', 'This backup waits for nobody any more: reload the list.');
	return found;
}
