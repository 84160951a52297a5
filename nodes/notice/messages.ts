/** Messages that the node takes and gives. No address and no text leaves it: what was told may concern few people. */

import { HubError } from '../../lib/errors.ts';
import type { Notice, NoticeEnd, NoticeResult } from '../../lib/notices/notices.ts';
import type { FlowMessage } from '../runtime/node-red.ts';
import type { NoticeConfig } from './config.ts';

/** `never` is a word of channels; a person reads that the receiver refused. */
const TOPIC = { delivered: 'delivered', unknown: 'unknown', never: 'refused' } as const;

/**
 * The notice in a message's payload; `Notices.send` checks its parts.
 * @throws HubError CONFIG_INVALID when there is none
 */
export function noticeOf(payload: unknown, { about }: Pick<NoticeConfig, 'about'>): Notice {
	if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
		throw new HubError(
			'CONFIG_INVALID',
			'msg.payload must be a notice: { subject, text, severity }, and to or about where needed.',
		);
	}
	const notice = payload as Notice;
	return {
		subject: notice.subject,
		text: notice.text,
		severity: notice.severity,
		...(notice.to ? { to: notice.to } : {}),
		...(notice.about === undefined ? standing(about) : { about: notice.about }),
	};
}

function standing(about: NoticeConfig['about']): Pick<Notice, 'about'> {
	return about === 'none' || about === 'any' ? {} : { about };
}

/** Turns the message that brought a notice into what became of it at once. @param channels from which an outcome will follow */
export function answer(
	message: FlowMessage,
	{ subject, severity, about }: Notice,
	result: NoticeResult,
	channels: readonly string[],
): FlowMessage {
	message.topic = result;
	message.payload = { outcome: result, subject, severity, about: about ?? null, channels: [...channels] };
	return message;
}

/** What became of a notice at one receiver. */
export function endMessage({ outcome, at, ...end }: NoticeEnd): FlowMessage {
	const topic = TOPIC[outcome];
	return { topic, payload: { ...end, outcome: topic, at: new Date(at).toISOString() } };
}
