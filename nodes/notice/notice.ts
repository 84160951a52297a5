/** `notice`: tells people what they must know, by mail and by webhook; what cannot be told now is told later. */

import type { Notices } from '../../lib/notices/notices.ts';
import { textOf } from '../runtime/admin-route.ts';
import { connectionById } from '../runtime/connection.ts';
import { defineConnectionTest } from '../runtime/connection-test.ts';
import { defineNode } from '../runtime/define-node.ts';
import { hubOf } from '../runtime/hub.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { smtpConnection } from '../smtp-server/connection.ts';
import { channelsOf } from './channels.ts';
import { type NoticeConfig, noticeNode } from './config.ts';
import { answer, endMessage, noticeOf } from './messages.ts';
import { noticeStatus } from './status.ts';
import { tryChannels } from './test-notice.ts';

interface Running {
	notices: Notices;
	config: NoticeConfig;
}

export default function (RED: NodeAPI): void {
	defineNode(RED, {
		...noticeNode,
		async setup(node): Promise<Running> {
			const { config, secrets, hub } = node;
			const smtp = config.smtp ? await node.connection(smtpConnection, config.smtp) : undefined;
			const { Notices } = await import('../../lib/notices/notices.ts');
			let told = 0;
			const show = (): void => {
				const { tone, phrase } = noticeStatus(notices, told);
				node.status.set(tone, phrase);
			};
			const notices = new Notices({
				store: hub.store,
				channels: await channelsOf(config, secrets, smtp),
				health: hub.health,
				audit: node.audit,
				log: node.log,
				// The id outlives restarts and deploys, and so does what waits under it.
				name: `notices:${node.id}`,
				language: config.language,
				onEnd: (end) => {
					if (end.outcome === 'delivered') told += 1;
					node.send(endMessage(end));
				},
				onChange: show,
			});
			show();
			return { notices, config };
		},
		async run({ message, send }, { notices, config }) {
			const notice = noticeOf(message.payload, config);
			const result = await notices.send(notice);
			const channels = notices.state.couriers.map(({ name }) => name);
			send(answer(message, notice, result, channels));
		},
		close: ({ notices }) => notices.close(),
	});

	defineConnectionTest(RED, {
		node: noticeNode,
		success: 'test.noticeSent',
		// It reaches people in the clinic's name: an administrator's right, beside the one to deploy.
		permission: ['flows.write', 'clinic-hub.notices.test'],
		async probe({ config, secrets, signal, body, actor }) {
			// The mail server as it was deployed: its own dialog tests it before.
			const smtp = config.smtp ? await connectionById(RED, smtpConnection, config.smtp) : undefined;
			const probe = await tryChannels(await channelsOf(config, secrets, smtp), signal);
			const subject = textOf(body['id']) || noticeNode.type;
			hubOf(RED).audit({ action: 'notices.test', actor, subject, outcome: probe.ok ? 'done' : 'failed' });
			return probe;
		},
	});
}
