/** Who listens on which TCP port of this machine, and free ports for tests. */

import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { commandOf } from './processes.ts';

export interface Listener {
	port: number;
	/** undefined when it belongs to an account whose processes we may not look into. */
	pid?: number;
	command?: string;
}

/** State "listening" in /proc/net/tcp (include/net/tcp_states.h). */
const LISTEN = '0A';

async function listeningInodes(): Promise<Map<string, number>> {
	const inodes = new Map<string, number>();
	for (const file of ['/proc/net/tcp', '/proc/net/tcp6']) {
		let table: string;
		try {
			table = await readFile(file, 'utf8');
		} catch {
			continue; // tcp6 is missing where IPv6 is off
		}
		for (const line of table.split('\n').slice(1)) {
			const fields = line.trim().split(/\s+/);
			const port = fields[1]?.split(':')[1];
			const inode = fields[9];
			if (fields[3] === LISTEN && port && inode) inodes.set(inode, Number.parseInt(port, 16));
		}
	}
	return inodes;
}

/** Those of `ports` that something on this machine listens on, with who it is: two processes may share a port's number. */
export async function listeners(ports: readonly number[]): Promise<Listener[]> {
	const inodes = await listeningInodes();
	const sockets = new Map<string, Listener>();
	for (const [inode, port] of inodes) if (ports.includes(port)) sockets.set(inode, { port });
	if (sockets.size === 0) return [];
	for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
		let descriptors: string[];
		try {
			descriptors = await readdir(`/proc/${pid}/fd`);
		} catch {
			continue; // ended meanwhile, or another account's
		}
		for (const descriptor of descriptors) {
			const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
			const socket = sockets.get(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? '');
			// A socket that children inherited belongs to whoever came first.
			if (socket === undefined || socket.pid !== undefined) continue;
			const command = await commandOf(Number(pid));
			Object.assign(socket, { pid: Number(pid) }, command === undefined ? {} : { command });
		}
	}
	const each = new Map([...sockets.values()].map((socket) => [`${socket.port} ${socket.pid}`, socket]));
	return [...each.values()].sort((a, b) => a.port - b.port);
}

/** A TCP port that is free on loopback now, chosen by the operating system. */
export async function freePort(): Promise<number> {
	const server = createServer();
	return new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(0, '127.0.0.1', () => {
			const address = server.address();
			server.close(() => {
				if (address !== null && typeof address === 'object') resolve(address.port);
				else reject(new Error('A TCP server has no port'));
			});
		});
	});
}

/** True when something takes connections there; throws what the system says when nothing does. */
export async function canConnect(host: string, port: number): Promise<boolean> {
	const socket = connect({ host, port });
	try {
		await once(socket, 'connect');
		return true;
	} finally {
		socket.destroy();
	}
}
