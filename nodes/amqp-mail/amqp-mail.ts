/** `amqp-mail`: takes the messages of a queue and mails them; tells what became of each, and of its own health. */

import { HubError } from '../../lib/errors.ts';
import type { DraftDesk } from '../../lib/mail/drafts.ts';
import type { MailWorker } from '../../lib/mail/worker.ts';
import { defineNode, type NodeInput } from '../runtime/define-node.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { type CommandContext, obey } from './commands.ts';
import { mailNode } from './config.ts';
import { mailSource, workerPhrase } from './mail-source.ts';
import { defineMailTopic } from './operator-topic.ts';
import { draftMessage, HealthNews, outcomeMessage } from './outputs.ts';
import { defineMailPreview } from './preview.ts';

interface Running {
	worker: MailWorker;
	desk: DraftDesk | undefined;
	context: Omit<CommandContext, 'sample'>;
	sample(request: Record<string, unknown>, signal: AbortSignal): Promise<unknown>;
	/** Takes the rows out of the sidebar. */
	remove(): void;
}

export default function (RED: NodeAPI): void {
	const sources = defineMailTopic(RED);
	defineMailPreview(RED);

	defineNode(RED, {
		...mailNode,
		async setup(node): Promise<Running> {
			const { buildWorker } = await import('./worker.ts');
			const { worker, desk, queue } = await buildWorker(node, (token, draft) =>
				node.send(null, null, draftMessage(token, draft)),
			);
			const news = new HealthNews(queue, (message) => node.send(null, message));
			const show = (state: MailWorker['state']): void => {
				const { tone, phrase } = workerPhrase(state);
				node.status.set(tone, phrase);
				news.take(state);
			};
			worker.onState(show);
			worker.onOutcome((outcome) => node.send(outcomeMessage(outcome)));
			show(worker.state);
			worker.start();
			const context = { worker, queue, actor: `flow:${node.id}`, audit: node.audit };
			return {
				worker,
				desk,
				context,
				async sample(request, signal) {
					const { publishSample } = await import('./sample.ts');
					return publishSample(node, request, signal);
				},
				remove: sources.add(mailSource(worker), node),
			};
		},
		run: handle,
		async close({ worker, remove }) {
			remove();
			await worker.close();
		},
	});
}

/** A draft that comes back, or a command; its answer leaves on the first output with the command's topic. */
async function handle({ message, send, signal }: NodeInput, { desk, context, sample }: Running): Promise<void> {
	const { draft } = message;
	if (typeof draft === 'object' && draft !== null && 'token' in draft) {
		if (!desk) {
			throw new HubError(
				'DRAFT_REFUSED',
				'This node does not hand out drafts: switch on "Compose in the flow" and deploy.',
			);
		}
		desk.submit(draft.token, message.payload);
		return;
	}
	message.payload = await obey(message.topic, message.payload, {
		...context,
		sample: (request) => sample(request, signal),
	});
	send(message);
}
