/** What the button "Send a test notice" does: one attempt a channel and receiver, nothing kept. */

import { randomUUID } from 'node:crypto';
import type { Channel, Parcel } from '../../lib/notices/channel.ts';
import type { Probe } from '../runtime/connection-test.ts';

/** In both languages, for whoever reads it may speak either. */
const TEST = {
	subject: 'Aviso de prueba · Test notice',
	text: [
		'Este es un aviso de prueba del hub de la clínica. No hace falta hacer nada.',
		'This is a test notice of the clinic hub. Nothing needs to be done.',
	].join('\n\n'),
	severity: 'info',
	about: null,
} as const;

/** Closes the channels. The text says of each what it answered, without addresses. */
export async function tryChannels(channels: readonly Channel[], signal: AbortSignal): Promise<Probe> {
	try {
		const answers = await Promise.all(channels.map((channel) => tryChannel(channel, signal)));
		const ok = answers.every((answer) => answer.ok);
		const text = answers.map((answer) => answer.text).join(' ');
		return ok ? { ok, text } : { ok, text, code: 'NOTICE_FAILED' };
	} finally {
		await Promise.all(channels.map((channel) => channel.close()));
	}
}

async function tryChannel(channel: Channel, signal: AbortSignal): Promise<{ ok: boolean; text: string }> {
	const targets = channel.targets([]);
	const reasons = await Promise.all(
		targets.map(async (target) => {
			const parcel: Parcel = { ...TEST, id: randomUUID(), at: Date.now(), target };
			const delivery = await channel.deliver(parcel, signal);
			return delivery.outcome === 'delivered' ? undefined : delivery.reason;
		}),
	);
	const refused = reasons.filter((reason) => reason !== undefined);
	const count = targets.length > 1 ? ` ${targets.length - refused.length}/${targets.length}` : '';
	const text = `${channel.name}${count}: ${[...new Set(refused)].join(' ') || 'ok.'}`;
	return { ok: refused.length === 0, text };
}
