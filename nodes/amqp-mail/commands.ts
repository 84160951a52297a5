/** What a message at the input asks for: its `topic` is the command, its `payload` says for which mails. */

import type { Audit } from '../../lib/audit.ts';
import { HubError } from '../../lib/errors.ts';
import type { LedgerSearch } from '../../lib/mail/ledger.ts';
import type { Selection } from '../../lib/mail/parked.ts';
import type { MailWorker } from '../../lib/mail/worker.ts';

export interface CommandContext {
	worker: Pick<MailWorker, 'parked' | 'pause' | 'resume' | 'search' | 'state'>;
	queue: string;
	/** `flow:<node id>`. */
	actor: string;
	audit: Audit;
	sample(request: Record<string, unknown>): Promise<unknown>;
}

type Payload = Record<string, unknown>;
type Command = (context: CommandContext, payload: Payload) => Promise<unknown>;

const COMMANDS: Record<string, Command> = {
	pause: (context) => switched(context, 'pause'),
	resume: (context) => switched(context, 'resume'),
	state: async ({ worker }) => worker.state,
	list: ({ worker }, { reason, limit }) =>
		worker.parked.list({
			...(typeof reason === 'string' ? { reason } : {}),
			...(typeof limit === 'number' ? { limit } : {}),
		}),
	inspect: ({ worker }, payload) => worker.parked.inspect(oneKey(payload)),
	async correct({ worker, actor }, payload) {
		const key = oneKey(payload);
		await worker.parked.correct(key, String(payload['recipient'] ?? '').trim(), actor);
		return { done: [key] };
	},
	replay: ({ worker, actor }, payload) => worker.parked.replay(selection(payload), actor),
	discard: ({ worker, actor }, payload) => worker.parked.discard(selection(payload), actor),
	search: ({ worker }, payload) => worker.search(searchOf(payload)),
	sample: ({ sample }, payload) => sample(payload),
};

/** The commands, for help and errors. */
export const COMMAND_NAMES = Object.keys(COMMANDS);

/** @throws HubError CONFIG_INVALID for an unknown command or a payload that it cannot use, and what the command throws */
export function obey(topic: unknown, payload: unknown, context: CommandContext): Promise<unknown> {
	const name = typeof topic === 'string' ? topic : '';
	const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
	if (!command) {
		throw new HubError(
			'CONFIG_INVALID',
			`msg.topic must be one of ${COMMAND_NAMES.join(', ')}, or the message a draft.`,
		);
	}
	return command(context, payloadOf(payload));
}

/** A single key may be given as text, several as a list. */
function payloadOf(payload: unknown): Payload {
	if (typeof payload === 'string' && payload !== '') return { key: payload };
	if (Array.isArray(payload)) return { keys: payload };
	return typeof payload === 'object' && payload !== null ? (payload as Payload) : {};
}

async function switched(
	{ worker, actor, audit, queue }: CommandContext,
	how: 'pause' | 'resume',
): Promise<{ paused: boolean }> {
	const record = (outcome: 'done' | 'failed') => audit({ action: `mail.${how}`, actor, subject: queue, outcome });
	try {
		await worker[how](actor);
		record('done');
	} catch (thrown) {
		record('failed');
		throw thrown;
	}
	return { paused: how === 'pause' };
}

function oneKey({ key }: Payload): string {
	if (typeof key !== 'string' || key === '') {
		throw new HubError('CONFIG_INVALID', 'msg.payload must be the key of one parked mail, as "list" gives it.');
	}
	return key;
}

/** Never "all" by mistake: that takes the word. */
function selection({ key, keys, reason, all }: Payload): Selection {
	if (typeof key === 'string' && key !== '') return { keys: [key] };
	if (Array.isArray(keys) && keys.length > 0 && keys.every((one) => typeof one === 'string')) return { keys };
	if (typeof reason === 'string' && reason !== '') return { reason };
	if (all === true) return { all };
	throw new HubError(
		'CONFIG_INVALID',
		'msg.payload must name mails: { key }, { keys: […] }, { reason } or { all: true }.',
	);
}

function searchOf({ recipient, reference }: Payload): LedgerSearch {
	const search = {
		...(typeof recipient === 'string' && recipient !== '' ? { recipient } : {}),
		...(typeof reference === 'string' && reference !== '' ? { reference } : {}),
	};
	if (Object.keys(search).length === 0) {
		throw new HubError('CONFIG_INVALID', 'msg.payload must hold recipient, reference, or both.');
	}
	return search;
}
