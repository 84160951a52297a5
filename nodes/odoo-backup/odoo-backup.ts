/** `odoo-backup`: makes proven, encrypted, signed backups of Odoo's databases and hands out a claim check for each. */

import type { BackupEvent } from '../../lib/backup/backup-events.ts';
import type { Backups } from '../../lib/backup/run-backup.ts';
import { odooConnection } from '../odoo-server/connection.ts';
import { defineNode, type NodeInput } from '../runtime/define-node.ts';
import type { FlowMessage, NodeAPI } from '../runtime/node-red.ts';
import { commandOf, stateAnswer } from './commands.ts';
import { backupNode } from './config.ts';
import { defineKeyProof, demoKeysAllowed } from './key-proof.ts';
import { claimMessage, eventMessage, PROGRESS_MESSAGE_MS } from './messages.ts';
import { backupSource, defineBackupTopic } from './operator-topic.ts';
import { backupStatus } from './status.ts';

interface Running {
	backups: Backups;
	actor: string;
	/** Takes the rows out of the sidebar. */
	remove(): void;
}

export default function (RED: NodeAPI): void {
	const sources = defineBackupTopic(RED);
	defineKeyProof(RED);

	defineNode(RED, {
		...backupNode,
		async setup(node): Promise<Running> {
			const { config, secrets, hub, status, log, audit } = node;
			const { place } = await node.connection(odooConnection, config.odoo);
			const { planOf } = await import('./plan.ts');
			const { Backups } = await import('../../lib/backup/run-backup.ts');
			const userDir = String(RED.settings.userDir ?? '.');
			const plan = await planOf(config, secrets, { place, userDir, demoKeys: demoKeysAllowed() });
			if (plan.encryption.kind === 'none') log.warn(NOT_ENCRYPTED);
			const show = (): void => {
				const { tone, phrase } = backupStatus(backups.state);
				status.set(tone, phrase);
			};
			const backups = new Backups({
				...{ plan, store: hub.store, owner: hub.instance, health: hub.health, audit, log },
				onEvent: new Teller(node).tell,
				onChange: show,
			});
			show();
			backups.start();
			return { backups, actor: `flow:${node.id}`, remove: sources.add(backupSource(backups), node) };
		},
		run: handle,
		async close({ backups, remove }) {
			remove();
			await backups.close();
		},
		health: ({ backups }) => backups.report,
	});
}

const NOT_ENCRYPTED =
	'Backups are not encrypted: whoever reaches the folder reads every patient and supplier. Choose a recovery key.';

async function handle({ message, send }: NodeInput, { backups, actor }: Running): Promise<void> {
	const command = commandOf(message.topic, message.payload);
	if (command.kind === 'state') {
		const answer: FlowMessage = { ...message, topic: 'state', payload: stateAnswer(backups) };
		return send(null, answer);
	}
	if (command.kind === 'cancel') {
		const cancelled = backups.cancel(actor);
		return send(null, { ...message, topic: 'cancel', payload: { cancelled } });
	}
	const results = await backups.run({
		...{ ...command.input, actor },
		onMade: (claim) => send(claimMessage(message, claim)),
	});
	const failed = results.filter((result) => result.outcome === 'failed');
	if (failed.length === 0) return;
	const { failureOf } = await import('../../lib/backup/failure-of.ts');
	throw failureOf(failed, results.length);
}

/** Tells what happens on the second output, and on the first what answers no message. */
class Teller {
	readonly #node: { send(...outputs: (FlowMessage | null)[]): void; fail(error: unknown): void };
	#progressTold = Number.NEGATIVE_INFINITY;

	constructor(node: { send(...outputs: (FlowMessage | null)[]): void; fail(error: unknown): void }) {
		this.#node = node;
	}

	readonly tell = (event: BackupEvent): void => {
		if (event.kind === 'progress') {
			const now = performance.now();
			if (now - this.#progressTold < PROGRESS_MESSAGE_MS) return;
			this.#progressTold = now;
		}
		const unanswered = event.kind === 'made' && !event.answered;
		this.#node.send(unanswered ? claimMessage({}, event.claim) : null, eventMessage(event));
		if (event.kind === 'failed' && !event.answered) this.#node.fail(event.error);
	};
}
