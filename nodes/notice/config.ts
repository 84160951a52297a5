/** The properties of a `notice` node. */

import { HubError } from '../../lib/errors.ts';
import { isHttpUrl, isPrivateUrl } from '../../lib/http.ts';
import { parseAddresses } from '../../lib/mail/address.ts';
import { parseKeys } from '../../lib/mail/signature.ts';
import { MAX_RECEIVERS } from '../../lib/notices/notice.ts';
import {
	choice,
	custom,
	FieldProblem,
	optionalReference,
	optionalText,
	type Problem,
	secret,
	type ValuesOf,
} from '../runtime/fields.ts';

/** RFC 6750 2.1, `b64token`, and whatever else fits into a header without a blank. */
const TOKEN = /^[\x21-\x7e]+$/;

function readReceivers(raw: unknown): string[] {
	const list = optionalText().read(raw) ?? '';
	const receivers = understood(() => parseAddresses(list), 'addresses');
	if (receivers.length > MAX_RECEIVERS) throw new FieldProblem('tooMany', { max: MAX_RECEIVERS });
	return receivers;
}

function readUrl(raw: unknown): string | undefined {
	const url = optionalText().read(raw);
	if (url !== undefined && !isHttpUrl(url)) throw new FieldProblem('httpUrl');
	return url;
}

function readToken(raw: unknown): string | undefined {
	const token = secret().read(raw);
	if (token !== undefined && !TOKEN.test(token)) throw new FieldProblem('invalid');
	return token;
}

/** One pair: of two, nobody would know which signs. */
function readKey(raw: unknown): { keyId: string; key: string } | undefined {
	const text = secret().read(raw) ?? '';
	const [pair, another] = understood(() => parseKeys(text), 'keys');
	if (another) throw new FieldProblem('keys');
	return pair && { keyId: pair[0], key: pair[1] };
}

/** What a parser of `lib/` gives; what it refuses is a problem of the field. */
function understood<T>(parse: () => T, reason: string): T {
	try {
		return parse();
	} catch (thrown) {
		if (thrown instanceof HubError) throw new FieldProblem(reason);
		throw thrown;
	}
}

const fields = {
	/** With none chosen, no mail. */
	smtp: optionalReference(),
	/** Receivers of notices that name none. */
	to: custom(readReceivers),
	/** Empty: no webhook. */
	webhookUrl: custom(readUrl),
	/** What notices report that do not say it themselves; then another channel is needed. `any`: two, whatever fails. */
	about: choice('none', 'smtp', 'webhook', 'any'),
	/** Of the few words that are added: severity, number of repetitions. */
	language: choice('es', 'en'),
};

const secrets = { webhookBearer: custom(readToken), webhookKey: custom(readKey) };

export type NoticeConfig = ValuesOf<typeof fields>;
export type NoticeSecrets = ValuesOf<typeof secrets>;

function validate({ smtp, to, webhookUrl, about }: NoticeConfig, { webhookBearer }: NoticeSecrets): Problem[] {
	if (!smtp && !webhookUrl) return [{ field: 'smtp', reason: 'channel' }];
	const problems: Problem[] = [];
	if (smtp && to.length === 0) problems.push({ field: 'to', reason: 'missing' });
	if ((about === 'smtp' || about === 'any') && !webhookUrl) problems.push({ field: 'webhookUrl', reason: 'otherWay' });
	if ((about === 'webhook' || about === 'any') && !smtp) problems.push({ field: 'smtp', reason: 'otherWay' });
	if (webhookUrl && webhookBearer && !isPrivateUrl(webhookUrl))
		problems.push({ field: 'webhookUrl', reason: 'privateUrl' });
	return problems;
}

export const noticeNode = { type: 'notice', fields, secrets, validate, address: ['webhookUrl'] } as const;
