/**
 * What an operator does with parked mail. `defineMailTopic` is called once in the node file; each running node adds itself
 * as a source.
 */

import { HubError } from '../../lib/errors.ts';
import type { LedgerRow, LedgerSearch } from '../../lib/mail/ledger.ts';
import type { ActionReport, ParkedMail, ParkedMails, Selection } from '../../lib/mail/parked.ts';
import { summaryOf } from '../../lib/mail/reasons.ts';
import { actorWords } from '../runtime/actor.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import {
	defineOperatorTopic,
	type OperatorSources,
	operatorAction,
	type SourceState,
} from '../runtime/operator-actions.ts';
import type { OperatorDetail, OperatorList, OperatorResult } from '../runtime/operator-view.ts';
import { type Phrase, shared } from '../runtime/phrase.ts';
import { label, mailView } from './operator-view.ts';

/** What the topic needs of a running node. */
export interface MailSource {
	parked: Pick<ParkedMails, 'list' | 'inspect' | 'correct' | 'replay' | 'discard'>;
	search(search: LedgerSearch): Promise<LedgerRow[]>;
	pause(by: string): Promise<void>;
	resume(by: string): Promise<void>;
	/** Cheap; `flags.paused` decides which of the two buttons is offered. */
	state(): SourceState | Promise<SourceState>;
}

/** Rows drawn at once; the others come when these are decided, and "all of this reason" reaches them too. */
const LIST_LIMIT = 200;

/** Keys that one request may name: more than can be chosen on the screen. */
const KEYS_LIMIT = 1_000;

/** Registers routes and view of the topic `mail`. */
export function defineMailTopic(RED: NodeAPI): OperatorSources<MailSource> {
	return defineOperatorTopic<MailSource>(RED, {
		name: 'mail',
		view: mailView,
		state: (source) => source.state(),
		actions: {
			list: operatorAction({
				audited: false,
				parse: ({ group }) => (typeof group === 'string' && group ? { reason: group } : {}),
				run: ({ parked }: MailSource, filter) => list(parked, filter),
			}),
			inspect: operatorAction({
				// Shows a supplier's address and order to a person: that is worth a record.
				parse: ({ id }) => ({ key: keyOf(id) }),
				subject: ({ key }) => key,
				run: ({ parked }: MailSource, { key }) => inspect(parked, key),
			}),
			// The three that follow are recorded mail by mail in lib/mail/parked.ts.
			correct: operatorAction({
				audited: false,
				parse: ({ ids, recipient }) => ({ key: oneKey(ids), recipient: String(recipient ?? '').trim() }),
				async run({ parked }: MailSource, { key, recipient }, { actor }) {
					await parked.correct(key, recipient, actor);
					return resultOf(await parked.replay({ keys: [key] }, actor));
				},
			}),
			replay: operatorAction({
				audited: false,
				parse: selectionOf,
				run: async ({ parked }: MailSource, selection, { actor }) => resultOf(await parked.replay(selection, actor)),
			}),
			discard: operatorAction({
				audited: false,
				parse: selectionOf,
				run: async ({ parked }: MailSource, selection, { actor }) => resultOf(await parked.discard(selection, actor)),
			}),
			pause: operatorAction({
				parse: () => ({}),
				async run(source: MailSource, _input, { actor }) {
					await source.pause(actor);
					return { note: label('paused') };
				},
			}),
			resume: operatorAction({
				parse: () => ({}),
				async run(source: MailSource, _input, { actor }) {
					await source.resume(actor);
					return { note: label('resumed') };
				},
			}),
			search: operatorAction({
				parse: searchOf,
				details: ({ reference }) => ({ byOrder: reference !== undefined }),
				run: async (source: MailSource, search): Promise<OperatorList> => ({
					rows: (await source.search(search)).map(ledgerRow),
				}),
			}),
		},
	});
}

async function list(parked: MailSource['parked'], filter: { reason?: string }): Promise<OperatorList> {
	const { mails, byReason, more } = await parked.list({ ...filter, limit: LIST_LIMIT });
	return {
		rows: mails.map((mail) => ({
			id: mail.key,
			order: nameOf(mail),
			readable: isReadable(mail),
			recipient: mail.recipient,
			reason: summaryOf(mail.reason),
			since: mail.parkedAt,
			attempts: mail.attempt,
		})),
		groups: Object.entries(byReason).map(([value, count]) => ({ value, words: summaryOf(value), count })),
		more,
	};
}

async function inspect(parked: MailSource['parked'], key: string): Promise<OperatorDetail> {
	const mail = await parked.inspect(key);
	const fact = (name: string, value: unknown, kind: OperatorDetail['facts'][number]['kind'] = 'text') => ({
		label: label(`fact.${name}`).key,
		value,
		kind,
	});
	return {
		facts: [
			fact('order', nameOf(mail), 'words'),
			fact('recipient', mail.recipient),
			...(mail.originalRecipient ? [fact('originalRecipient', mail.originalRecipient)] : []),
			...(mail.correctedBy ? [fact('correctedBy', actorWords(mail.correctedBy), 'words')] : []),
			fact('reason', summaryOf(mail.reason), 'words'),
			fact('reasonText', mail.reasonText),
			fact('parkedAt', mail.parkedAt, 'time'),
			fact('attempts', mail.attempt, 'number'),
			fact('database', mail.database),
			...(mail.ledger ? [fact('state', label(`state.${mail.ledger.state}`), 'words')] : []),
			...(mail.ledger?.response ? [fact('response', mail.ledger.response)] : []),
			fact('key', key),
		],
		text: readable(mail.body),
	};
}

/** False for what no mail can be made of; its key is a hash that says nothing to anybody. */
function isReadable({ kind }: ParkedMail): boolean {
	return kind !== null;
}

/** What a person calls it: the order's number, or the message's own id where it has none. */
function nameOf(mail: ParkedMail): string | Phrase {
	if (!isReadable(mail)) return label('unreadable');
	return mail.reference ?? mail.key.slice(mail.key.indexOf('/') + 1);
}

/** JSON indented; anything else as it came. */
function readable(body: string): string {
	try {
		return JSON.stringify(JSON.parse(body), null, 2);
	} catch {
		return body;
	}
}

function ledgerRow(row: LedgerRow): OperatorList['rows'][number] {
	return {
		id: `${row.databaseUuid}/${row.id}`,
		order: row.reference,
		recipient: row.recipient,
		state: label(`state.${row.state}`),
		time: row.updatedAt,
		response: row.response ?? row.reasonText,
	};
}

function resultOf({ done, alreadySent, missing, failed, more }: ActionReport): OperatorResult {
	const note = alreadySent.length
		? label('alreadySent', { count: alreadySent.length })
		: more
			? label('more')
			: undefined;
	return {
		done: done.length,
		failed: failed.map(({ code }) => shared(`error.${code}`)),
		missing: missing.length,
		...(note ? { note } : {}),
	};
}

function keyOf(id: unknown): string {
	if (typeof id !== 'string' || !id) throw new HubError('CONFIG_INVALID', 'Name the mail that is meant.');
	return id;
}

function oneKey(ids: unknown): string {
	if (!Array.isArray(ids) || ids.length !== 1)
		throw new HubError('CONFIG_INVALID', 'Choose exactly one mail: each recipient is corrected by itself.');
	return keyOf(ids[0]);
}

/** Never "all" by mistake: an empty choice is refused. */
function selectionOf({ ids, group }: Record<string, unknown>): Selection {
	if (typeof group === 'string' && group) return { reason: group };
	if (!Array.isArray(ids) || ids.length === 0) throw new HubError('CONFIG_INVALID', 'Choose at least one mail.');
	if (ids.length > KEYS_LIMIT)
		throw new HubError('CONFIG_INVALID', `Choose at most ${KEYS_LIMIT} mails, or all of a reason.`);
	return { keys: ids.map(keyOf) };
}

function searchOf(body: Record<string, unknown>): LedgerSearch {
	const given = (name: string) => (typeof body[name] === 'string' ? body[name].trim() : '');
	const [recipient, reference] = [given('recipient'), given('reference')];
	if (!recipient && !reference) throw new HubError('CONFIG_INVALID', 'Give a recipient, an order, or both.');
	return { ...(recipient ? { recipient } : {}), ...(reference ? { reference } : {}) };
}
