/** An Odoo with the addon `clinic_sso`, in memory and behind JSON-RPC; the rules of its users are those of `TestOdoo`. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Line } from '../../lib/identity/model.ts';
import { TestOdoo } from '../unit/identity/odoo.ts';

export const API_KEY = 'api-key-of-the-test';
const DATABASE = 'clinica';
const SYNC = 6;

export interface OdooSso {
	url: string;
	odoo: TestOdoo;
	/** Of the provider's form. */
	table: { kind: 'role' | 'group'; name: string; groups: string[] }[];
	/** Answers 503 while true. */
	down: boolean;
	/** Methods that were called, in order. */
	calls: string[];
	/** Awaited before each answer. */
	before: (method: string) => Promise<void> | void;
}

interface Call {
	service: string;
	method: string;
	args: unknown[];
}

export async function odooSso(t: { after(end: () => Promise<void> | void): void }): Promise<OdooSso> {
	const sso: OdooSso = { url: '', odoo: new TestOdoo(), table: [], down: false, calls: [], before: () => {} };
	const server = createServer(async (incoming, outgoing) => {
		const chunks: Buffer[] = [];
		for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
		const { id, params } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { id: number; params: Call };
		if (sso.down) return void outgoing.writeHead(503).end();
		const envelope = { jsonrpc: '2.0', id };
		const answer = await answerTo(sso, params).then(
			(result) => ({ ...envelope, result }),
			(thrown) => ({
				...envelope,
				error: { data: { name: 'builtins.Exception', message: String(thrown), debug: String(thrown) } },
			}),
		);
		outgoing.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
	});
	await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
	sso.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
	t.after(() => {
		server.close();
		server.closeAllConnections();
	});
	return sso;
}

async function answerTo(sso: OdooSso, { service, method, args }: Call): Promise<unknown> {
	if (service === 'common' && method === 'authenticate')
		return args[0] === DATABASE && args[2] === API_KEY ? SYNC : false;
	const [database, , key, model, name, given = []] = args as [string, number, string, string, string, unknown[]];
	if (service !== 'object' || database !== DATABASE || key !== API_KEY) throw new Error('AccessDenied');
	sso.calls.push(name);
	await sso.before(name);
	if (model === 'res.users' && name === 'fields_get') return { clinic_sso_suspended: { type: 'boolean' } };
	if (model !== 'clinic.sso') throw new Error(`${model}.${name} is none of the synchronisation's calls`);
	const { odoo } = sso;
	const names = [...odoo.groups.keys()];
	if (name === 'describe') {
		const { provider, administrators, linked, languages, groups, ...rest } = await odoo.describe();
		return {
			...{ provider, administrators, linked, languages, table: sso.table, protected: [...rest.protected] },
			groups: [...groups.values()].map((group) => ({ ...group, number: names.indexOf(group.id) })),
		};
	}
	if (name === 'accounts') {
		const [uids, logins] = given as [string[]?, string[]?];
		const found = await odoo.accounts(uids && logins ? { uids, logins } : undefined);
		return found.map(({ id, login, name: called, email, lang, active, suspended, provider, uid, internal, groups }) => [
			...[id, login, called, email, lang, active, suspended, provider, uid, internal],
			groups.map((group) => names.indexOf(group)),
		]);
	}
	const [, lines, fence] = given as [number, Line[], number];
	return odoo.apply(lines, fence);
}
