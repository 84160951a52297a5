/** What users of a broker are told about its connection. */
import type { HubErrorCode } from '../errors.ts';
import { type Address, endpoint } from './address.ts';
import type { Link } from './link.ts';

export interface BrokerState {
	/**
	 * idle → connecting → connected → waiting → connecting …; refused instead of waiting when user, password or virtual
	 * host are; closed after the last user left.
	 */
	phase: 'idle' | 'connecting' | 'connected' | 'waiting' | 'refused' | 'closed';
	/** For a person. */
	text: string;
	/** When the next attempt follows, ms since epoch; in waiting and refused. */
	retryAt?: number;
	/** In connected. */
	serverVersion?: string;
	/** In connected: why the broker takes no messages now, e.g. `low on memory`. */
	blocked?: string;
	/** In waiting and refused. */
	code?: HubErrorCode;
}

/** What a connection is, in words. */
export function connectedText({ serverVersion }: Link, address: Address): string {
	const { vhost, user } = address;
	return `Connected to RabbitMQ ${serverVersion} at ${endpoint(address)}, virtual host "${vhost}", as "${user}".`;
}

/** The state of an open connection. */
export function connectedState(link: Link, address: Address): BrokerState {
	const { serverVersion, blocked } = link;
	const text = blocked
		? `Connected to ${endpoint(address)}, but the broker takes no messages now: ${blocked}.`
		: connectedText(link, address);
	return { phase: 'connected', text, serverVersion, ...(blocked ? { blocked } : {}) };
}
