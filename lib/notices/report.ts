/** What health says about notices. */
import type { HealthReport } from '../health.ts';
import type { CourierState } from './courier.ts';

/** A notice that only the channel whose failure it reports could carry. */
export interface Alone {
	subject: string;
	about: string;
	/** ms since the epoch. */
	at: number;
}

export interface NoticesState {
	couriers: (CourierState & { name: string })[];
	/** The latest of the last day. */
	alone: Alone | undefined;
	storeFailure: string | undefined;
	dropped: number;
}

/** `failed` also silences the heartbeat, so that the watcher outside tells what nobody here can. */
export function report({ couriers, alone, storeFailure, dropped }: NoticesState): HealthReport {
	const waiting = couriers.reduce((sum, courier) => sum + courier.waiting, 0);
	const details = { waiting, dropped };
	const failing = couriers.filter(({ failure }) => failure !== undefined);
	const said = failing.map(({ name, failure }) => `${name}: ${failure}`).join(' ');
	if (couriers.length === 0) return { state: 'degraded', text: 'No channel for notices is configured.', details };
	if (alone) {
		const { subject, about } = alone;
		const text = `Only ${about} itself could carry this notice about ${about}; configure another channel: ${subject}`;
		return { state: 'failed', text, details };
	}
	if (storeFailure) return { state: 'failed', text: `Notices are not kept: ${storeFailure}`, details };
	if (failing.length === couriers.length) return { state: 'failed', text: `Nobody can be told. ${said}`, details };
	if (failing.length > 0) return { state: 'degraded', text: `Notices wait. ${said}`, details };
	return {
		state: 'ok',
		text: waiting > 0 ? `${waiting} notices are on their way.` : 'Notices are delivered.',
		details,
	};
}
