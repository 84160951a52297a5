/** What an `odoo-restore` node for work does: it holds what a flow brings until a person begins it in the sidebar. */

import { createHash } from 'node:crypto';
import { discard } from '../../lib/backup/bring-back.ts';
import { HeldRestores } from '../../lib/backup/held-restores.ts';
import { WaitingRestores } from '../../lib/backup/waiting-restores.ts';
import type { OdooConnection } from '../odoo-server/connection.ts';
import type { HubNode } from '../runtime/define-node.ts';
import type { OperatorSources } from '../runtime/operator-actions.ts';
import { type RestoreConfig, type RestoreSecrets, restoreTarget } from './config.ts';
import type { Work } from './odoo-restore.ts';

export async function restores(
	node: HubNode<RestoreConfig, RestoreSecrets>,
	odoo: OdooConnection,
	sources: OperatorSources<HeldRestores>,
): Promise<Work> {
	const { config, secrets, hub, log, status, audit } = node;
	const { AFTER_RESTORE } = await import('../../lib/odoo/neutralize.ts');
	const say = (tone: Parameters<typeof status.set>[0], name: string, values = {}) =>
		status.set(tone, { key: `odoo-restore.status.${name}`, values });
	const held = new HeldRestores({
		target: restoreTarget(config.way, odoo),
		verifying: config.verifying,
		identities: secrets.drill,
		waiting: new WaitingRestores({ store: hub.store, node: node.id, settings: settingsOf(config, odoo) }),
		onUnforgotten: ({ message }) =>
			log.warn(`A restore that is done is listed again after the next deploy: ${message}`),
		onPhase: (phase, { into: database }, percent) =>
			percent === null
				? say('busy', phase === 'look' ? 'compare' : phase, { database })
				: say('busy', `${phase}Of`, { database, percent }),
		onEnd({ id: subject, file, into }, actor, end) {
			const record = { action: 'backup.restore', actor, subject };
			if ('error' in end) {
				audit({ ...record, outcome: 'failed', details: { into, code: end.error.code } });
				return node.fail(end.error);
			}
			const { report } = end;
			const agrees = report.comparison?.passed !== false;
			const { kept, safeguards } = report;
			audit({ ...record, outcome: agrees ? 'done' : 'failed', details: { into, kept, agrees } });
			say('waiting', agrees ? 'restored' : 'restoredDiffers', { database: into });
			const told = { topic: agrees ? 'restored' : 'differs', payload: { ...report, safeguards, next: AFTER_RESTORE } };
			if (agrees) node.send(told);
			else node.send(null, told);
			if (agrees && config.remove) discard(file).catch(node.fail);
		},
		onChange() {
			if (held.running) return;
			const [first] = held.waiting;
			if (first) say('waiting', 'held', { database: first.into });
		},
	});
	say('ready', 'ready');
	const remove = sources.add(held, node);
	held.remember().catch(node.fail);
	return {
		async handle({ signal }, { file, into }) {
			await held.hold(file, into ?? config.into, signal);
		},
		async close() {
			remove();
			await held.close();
		},
	};
}

/** Of what a person decides on, without a secret. */
function settingsOf({ way, into, verifying }: RestoreConfig, { place: { url, direct } }: OdooConnection): string {
	const server = direct && { host: direct.host, port: direct.port, filestore: direct.filestore };
	const text = JSON.stringify({ way, into, verifying, url, server });
	return createHash('sha256').update(text).digest('hex');
}
