/** In front of a real Keycloak: passes on what is asked, keeps it, and answers some of it as a test says. */
import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Owner } from '../keycloak.ts';
import type { Answer } from './http.ts';

export interface Asked {
	method: string;
	/** Path and query. */
	path: string;
	/** How often this path, without its query, was asked before. */
	before: number;
}

/** An answer in place of Keycloak's, or what is made of Keycloak's own (parsed JSON). */
export type Fault = Answer | { change: (answer: unknown) => unknown } | undefined;

export interface KeycloakProxy {
	url: string;
	/** Paths with queries, in order. */
	asked: string[];
	/** Asked for every request; undefined passes it on. */
	fault: (asked: Asked) => Fault | Promise<Fault>;
}

export async function keycloakProxy(t: Owner, port: number): Promise<KeycloakProxy> {
	const counts = new Map<string, number>();
	const proxy: KeycloakProxy = { url: '', asked: [], fault: () => undefined };
	const server = createServer(async (incoming, outgoing) => {
		const chunks: Buffer[] = [];
		for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
		const { method = '', url = '', headers } = incoming;
		const [path = ''] = url.split('?');
		const before = counts.get(path) ?? 0;
		counts.set(path, before + 1);
		proxy.asked.push(url);
		const fault = await proxy.fault({ method, path: url, before });
		if (fault && !('change' in fault)) {
			outgoing.writeHead(fault.status ?? 200, { 'content-type': 'application/json', ...fault.headers }).end(fault.body);
			return;
		}
		const onward = send({ host: '127.0.0.1', port, method, path: url, headers }, async (answer) => {
			const parts: Buffer[] = [];
			for await (const part of answer as AsyncIterable<Buffer>) parts.push(part);
			const body = Buffer.concat(parts);
			const given = fault ? JSON.stringify(fault.change(JSON.parse(body.toString('utf8')))) : body;
			const type = answer.headers['content-type'];
			outgoing.writeHead(answer.statusCode ?? 0, type ? { 'content-type': type } : {}).end(given);
		});
		onward.on('error', () => outgoing.destroy());
		onward.end(Buffer.concat(chunks));
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	t.after(() => {
		server.close();
		server.closeAllConnections();
	});
	return proxy;
}
