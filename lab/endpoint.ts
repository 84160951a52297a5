/** Where a port of the lab is: the address it listens on, the one by which this machine reaches it, the one people open. */
import { isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isLoopback } from '../lib/loopback.ts';

export const LOOPBACK = '127.0.0.1';

export interface Endpoint {
	/** Address to listen on. */
	readonly listen: string;
	/** Address by which this machine reaches it; IPv6 without brackets. */
	readonly host: string;
	readonly port: number;
	/** `http://…` by which this machine reaches it, without a slash at the end. */
	readonly url: string;
	/** `http://…` as people open it and as it stands in links, without a slash at the end. */
	readonly openUrl: string;
}

/** @param own addresses of this machine's networks; default: those that it has now */
export function endpoint(listen: string, port: number, own: readonly string[] = ownAddresses()): Endpoint {
	const host = REACHED[listen] ?? listen;
	return { listen, host, port, url: urlOf(host, port), openUrl: urlOf(openedAs(listen, own), port) };
}

/** True for an address that a server of this machine can listen on. */
export function isOwnAddress(address: string, own: readonly string[] = ownAddresses()): boolean {
	return address in REACHED || isLoopback(address) || own.some((one) => canonical(one) === canonical(address));
}

/** Of networks that reach other machines, without link-local ones, which need a zone; IPv4 first. */
export function ownAddresses(): string[] {
	const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
	const outward = all.filter(({ internal, address }) => !internal && !address.startsWith('fe80:'));
	return outward.sort((a, b) => a.family.localeCompare(b.family)).map(({ address }) => address);
}

/** "Every address" is none that can be called everywhere. */
const REACHED: Readonly<Record<string, string>> = { '0.0.0.0': LOOPBACK, '::': '::1' };

function openedAs(listen: string, own: readonly string[]): string {
	if (listen === LOOPBACK) return 'localhost';
	if (listen in REACHED) return own.find((one) => listen === '::' || !isIPv6(one)) ?? 'localhost';
	return listen;
}

function urlOf(host: string, port: number): string {
	return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

/** One spelling an IPv6 address. */
function canonical(address: string): string {
	const url = `http://[${address}]`;
	return URL.canParse(url) ? new URL(url).hostname : address;
}
