/** `keycloak-sync`: lets Odoo's users follow Keycloak, under guards; what they hold waits for a person. */

import type { Follower } from '../../lib/identity/follower.ts';
import type { RunMode } from '../../lib/identity/report.ts';
import { reportTold } from '../../lib/identity/told.ts';
import { realmConnection } from '../keycloak-realm/connection.ts';
import { odooConnection } from '../odoo-server/connection.ts';
import { defineNode, type NodeInput } from '../runtime/define-node.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { commandOf, stateTold } from './commands.ts';
import { syncNode } from './config.ts';
import { defineDryRun } from './dry-run.ts';
import { defineIdentityTopic, identitySource } from './operator-topic.ts';
import { syncStatus } from './status.ts';
import { Teller } from './teller.ts';

interface Running {
	follower: Follower;
	mode: RunMode;
	actor: string;
	/** Takes the rows out of the sidebar. */
	remove(): void;
}

const SECOND_MS = 1_000;

export default function (RED: NodeAPI): void {
	const sources = defineIdentityTopic(RED);
	defineDryRun(RED);

	defineNode(RED, {
		...syncNode,
		async setup(node): Promise<Running> {
			const { config, hub, status, audit, signal } = node;
			const { mode, interval } = config;
			const realm = await node.connection(realmConnection, config.realm);
			const odoo = await node.connection(odooConnection, config.odoo);
			const { sidesOf } = await import('./sides.ts');
			const { Follower } = await import('../../lib/identity/follower.ts');
			const sides = sidesOf(config, realm, odoo, signal);
			if (Array.isArray(sides)) throw node.notReady(...sides);
			const actor = `flow:${node.id}`;
			const follows = mode === 'changes';
			const show = (): void => {
				const { tone, phrase } = syncStatus(follower.state, follows);
				status.set(tone, phrase);
			};
			const follower = new Follower({
				...sides,
				...{ store: hub.store, owner: hub.instance, health: hub.health, audit },
				everyMs: follows ? interval * SECOND_MS : null,
				onEvent: new Teller(node, actor).tell,
				onChange: show,
			});
			show();
			follower.start();
			const remove = sources.add(identitySource(follower, follows), node);
			return { follower, mode, actor, remove };
		},
		run: handle,
		async close({ follower, remove }) {
			remove();
			await follower.close();
		},
		health: ({ follower }) => follower.report,
	});
}

async function handle({ message, send }: NodeInput, { follower, mode, actor }: Running): Promise<void> {
	const command = commandOf(message.topic, mode);
	if (command.kind === 'state') {
		return send(null, null, { ...message, topic: 'state', payload: stateTold(follower.state) });
	}
	if (command.kind === 'cancel') {
		return send(null, null, { ...message, topic: 'cancel', payload: { cancelled: follower.cancel(actor) } });
	}
	const report = await follower.run(command.mode, { dryRun: command.dryRun, actor });
	if (report) send({ ...message, topic: report.dryRun ? 'dry-run' : 'report', payload: reportTold(report) });
}
