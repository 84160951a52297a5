/** The ready flow `identity`, as a person gets it and enables it: a real Keycloak, Odoo with the addon in memory, a mail server. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { simpleParser } from 'mailparser';
import { startScript } from '../../lab/smtp-script.ts';
import { sharedKeycloak } from '../keycloak.ts';
import { until } from '../mail-lab.ts';
import { type FlowNode, startNodeRed } from '../node-red.ts';
import { startHttp } from '../servers/http.ts';
import { keycloakProxy } from '../servers/keycloak-proxy.ts';
import { API_KEY, odooSso } from '../servers/odoo-sso.ts';

const flow: FlowNode[] = JSON.parse(
	readFileSync(path.resolve(import.meta.dirname, '../../flows/identity.json'), 'utf8'),
);
const only = (type: string): string => flow.find((node) => node.type === type)?.id ?? '';
const button = (name: string): string => flow.find((node) => String(node['name']).startsWith(name))?.id ?? '';
const SYNC = only('keycloak-sync');

/** As a person enables it; the mail server of the test speaks without encryption. */
const enabled = flow.map((node) => {
	if (node.type === 'tab') return { ...node, disabled: false };
	return node.type === 'smtp-server' ? { ...node, security: 'none', authType: 'none' } : node;
});

test('the ready flow of users', async (t) => {
	const keycloak = await sharedKeycloak();
	const realm = await keycloak.realm(t);
	const proxy = await keycloakProxy(t, keycloak.port);
	const sso = await odooSso(t);
	sso.table = [{ kind: 'role', name: 'compras', groups: ['purchase.group_purchase_user'] }];
	const relay = await startScript({});
	t.after(() => relay.close());
	const hook = await startHttp();
	t.after(() => hook[Symbol.asyncDispose]());
	const { issuer, clientSecret } = realm.reader;
	const env = {
		...{ KEYCLOAK_ISSUER: issuer, KEYCLOAK_REALM: realm.name, KEYCLOAK_INTERNAL_URL: proxy.url },
		...{ KEYCLOAK_READER_ID: 'hub-reader', KEYCLOAK_READER_SECRET: clientSecret, KEYCLOAK_SENTINEL: '' },
		KEYCLOAK_SCOPE_ROLES: 'medicina, enfermeria, compras, farmacia, informatica, auditoria',
		...{ ODOO_URL: sso.url, ODOO_DATABASE: 'clinica', ODOO_SYNC_USER: 'sync', ODOO_SYNC_KEY: API_KEY },
		...{ SMTP_HOST: '127.0.0.1', SMTP_PORT: String(relay.port), SMTP_USER: '', SMTP_PASSWORD: '' },
		...{ SMTP_FROM: 'hub@clinica.test', HUB_NOTICE_TO: 'sistemas@clinica.test' },
		HUB_NOTICE_WEBHOOK: `http://127.0.0.1:${hook.port}/hook`,
	};
	const nodeRed = await startNodeRed(t, { env });
	const press = async (name: string) => (await nodeRed.request('POST', `/inject/${button(name)}`, { body: {} })).status;
	const mail = (subject: RegExp) =>
		until('the mail', async () => {
			const all = await Promise.all(relay.mails.map(({ raw }) => simpleParser(raw)));
			return all.find((parsed) => subject.test(parsed.subject ?? ''));
		});

	await t.test('does nothing before somebody enables it', async () => {
		await nodeRed.deploy(flow);
		assert.equal(await press('Everything now'), 404);
		assert.deepEqual(proxy.asked, []);
	});

	await t.test('tells a person by mail and webhook what is held, and where to decide', async () => {
		await nodeRed.deploy(enabled);
		await nodeRed.status(SYNC, /^16 changes wait for a person$/);
		const { subject, text } = await mail(/hay cambios que esperan una decisión/);
		assert.match(subject ?? '', /\(muchos a la vez\) · Users of Odoo: changes wait for a decision \(many at once\)/);
		assert.match(text ?? '', /elena\.marquez: crear \(nuevo en Keycloak\)/);
		assert.match(
			text ?? '',
			/barra lateral «Hub de la clínica», apartado «Usuarios».*Ningún correo ni enlace aprueba nada/s,
		);
		assert.doesNotMatch(text ?? '', /https?:/, 'no link that somebody could take for an approval');
		await until('the webhook', () => hook.requests.some(({ body }) => /many at once/.test(body)));
	});

	await t.test('carries out what was approved in the sidebar, and follows by itself', async () => {
		const act = (action: string, body: object) =>
			nodeRed.request('POST', `/clinic-hub/operator/identity/${action}`, { body: { source: SYNC, ...body } });
		const { rows } = (await act('list', {})).body as { rows: { id: string }[] };
		assert.equal((await act('approve', { ids: [rows[0]?.id] })).status, 200);
		assert.equal(sso.odoo.effects.length, 16);
		const id = await realm.idOf('nuria.bosch');
		assert.equal(sso.odoo.of(id).lang, 'en_US');
		await realm.request('PUT', `/users/${id}`, { enabled: false });
		await until('the suspension', () => sso.odoo.of(id).suspended, 15_000);
	});

	await t.test('reads everybody at the press of a button, and says what would be done by another', async () => {
		assert.equal(await press('Everything now'), 200);
		await nodeRed.until('the run', () => nodeRed.completions(SYNC).length >= 1);
		assert.equal(await press('What would be done?'), 200);
		await nodeRed.until('the dry run', () => nodeRed.completions(SYNC).length >= 2);
		assert.ok(nodeRed.completions(SYNC).every(({ error }) => error === null));
	});

	await t.test('tells a person at once when the reader has lost a right', async () => {
		await realm.grantReader('DELETE', 'view-events');
		const { text } = await mail(/la sincronización con Keycloak falla · Users: following Keycloak fails/);
		assert.match(text ?? '', /view-events/);
		await nodeRed.status(SYNC, /^Stopped: The client lacks a right in Keycloak/);
	});
});
