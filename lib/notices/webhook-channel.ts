/** Notices as JSON by POST: for chat, ticket systems and pagers. */
import { createHmac } from 'node:crypto';
import { HubError } from '../errors.ts';
import { exchange, isHttpUrl, isPrivateUrl } from '../http.ts';
import type { Channel, Delivery, Parcel } from './channel.ts';

export interface WebhookChannelOptions {
	/** Default `webhook`. */
	name?: string;
	/** `https:`; `http:` only without `bearer`, or on this machine. Redirects are not followed. */
	url: string;
	/** Sent as `Authorization: Bearer …`. */
	bearer?: string;
	/** Signs the exact body: `x-hub-signature: v1;kid=<id>;<hex HMAC-SHA256>`, as messages of the hub are signed. */
	hmac?: { keyId: string; key: string };
	/** For one attempt, in ms. Default 10,000. */
	timeoutMs?: number;
}

/** Long enough for a chat server on the other side of the world, short enough for an alarm. */
const TIMEOUT_MS = 10_000;
/** The receiver understood the request and does not want this body: sending it again would not help. */
const NEVER = [400, 413, 415, 422];

/** @throws HubError CONFIG_INVALID for an address that is none, or a bearer token over plain text */
export function webhookChannel(options: WebhookChannelOptions): Channel {
	const { name = 'webhook', url, bearer, hmac, timeoutMs = TIMEOUT_MS } = options;
	if (!isHttpUrl(url)) throw new HubError('CONFIG_INVALID', 'The address of the webhook must begin with https://.');
	if (bearer && !isPrivateUrl(url)) {
		throw new HubError('CONFIG_INVALID', 'A bearer token needs an address that begins with https://.');
	}
	return {
		name,
		kind: 'webhook',
		targets: () => [null],
		async deliver({ id, subject, text, severity, about, at }: Parcel, signal: AbortSignal): Promise<Delivery> {
			const body = JSON.stringify({ id, at: new Date(at).toISOString(), severity, subject, text, about });
			const headers: Record<string, string> = { 'content-type': 'application/json' };
			if (bearer) headers['authorization'] = `Bearer ${bearer}`;
			if (hmac) {
				const signature = createHmac('sha256', hmac.key).update(body).digest('hex');
				headers['x-hub-signature'] = `v1;kid=${hmac.keyId};${signature}`;
			}
			try {
				const { status } = await exchange({ method: 'POST', url, headers, body, timeoutMs, signal });
				if (status >= 200 && status < 300) return { outcome: 'delivered' };
				return { outcome: NEVER.includes(status) ? 'never' : 'later', reason: `The webhook answers HTTP ${status}.` };
			} catch (thrown) {
				if (!(thrown instanceof HubError)) throw thrown;
				return { outcome: 'later', reason: thrown.message };
			}
		},
		close: async () => {},
	};
}
