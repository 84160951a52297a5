/** Addresses that never leave this machine. */

import { BlockList, isIP } from 'node:net';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for an address that only this machine reaches, an IPv6 one with or without brackets; `localhost` is one by RFC 6761. */
export function isLoopback(address: string): boolean {
	const host = address.replace(/^\[(.*)\]$/, '$1');
	const family = isIP(host);
	return family === 0 ? host.toLowerCase() === 'localhost' : loopback.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
