import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { variablesDocument } from '../../../lib/config/document.ts';
import { VARIABLE_GROUPS } from '../../../lib/config/variables.ts';
import { BROKER_SIDE, KEYCLOAK_SIDE, ODOO_SIDE } from '../../../lib/config/variables-elsewhere.ts';
import { personalDataDocument } from '../../../lib/store/personal-data-document.ts';

const docs = path.resolve(import.meta.dirname, '..', '..', '..', 'docs');

for (const [language, name, document] of [
	['en', 'variables.md', variablesDocument],
	['es', 'variables.es.md', variablesDocument],
	['en', 'personal-data.md', personalDataDocument],
	['es', 'personal-data.es.md', personalDataDocument],
] as const) {
	test(`docs/${name} is current (node scripts/documents.ts writes it)`, async () => {
		assert.equal(await readFile(path.join(docs, name), 'utf8'), document(language));
	});
}

test('no variable of the hub ends with _FILE, which would be taken for a file that fills another', () => {
	const names = VARIABLE_GROUPS.flatMap(({ variables }) => Object.keys(variables));
	assert.deepEqual(
		names.filter((name) => name.endsWith('_FILE')),
		[],
	);
});

test('a variable stands in one group only', () => {
	const names = VARIABLE_GROUPS.flatMap(({ variables }) => Object.keys(variables));
	assert.equal(new Set(names).size, names.length);
});

test('what the table says of TLS in the ready flow is so', async () => {
	const flow = JSON.parse(await readFile(path.join(docs, '..', 'flows', 'purchase-mail.json'), 'utf8')) as {
		type: string;
		useTls?: boolean;
		security?: string;
	}[];
	const brokers = flow.filter(({ type }) => type === 'amqp-broker').map(({ useTls }) => useTls);
	const servers = flow.filter(({ type }) => type === 'smtp-server').map(({ security }) => security);
	assert.deepEqual([new Set(brokers), new Set(servers)], [new Set([false]), new Set(['starttls'])]);
	assert.match(variablesDocument('en'), /`AMQP_PORT` .* the ready flow goes without/);
	assert.match(variablesDocument('en'), /`SMTP_PORT` .* the ready flow requires STARTTLS/);
});

const source = (...file: string[]) => readFile(path.join(docs, '..', ...file), 'utf8');

test('what is documented for Odoo is what the addon reads', async () => {
	const amqp = ['odoo-addon', 'clinic_purchase_mail', 'amqp'];
	const code = (await source(...amqp, 'address.py')) + (await source(...amqp, 'signature.py'));
	const read = [...code.matchAll(/(?:_value|read_secret)\(settings, "(\w+)"\)/g)].map(([, name]) => `AMQP_${name}`);
	const port = code.includes('_port(settings') ? ['AMQP_PORT'] : [];
	const names = new Set([...read, ...port].map((name) => name.toUpperCase()));
	assert.deepEqual(new Set(Object.keys(ODOO_SIDE.variables)), names);
});

test('what is documented for RabbitMQ is what its definitions name', async () => {
	const template = await source('deploy', 'rabbitmq', 'definitions.json');
	const named = [...template.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name);
	assert.deepEqual(Object.keys(BROKER_SIDE.variables).sort(), named.sort());
});

test('what is documented for Keycloak is what its realm names', async () => {
	const files = ['clinica-realm.json', 'clinica-users-0.json'].map((name) => source('deploy', 'keycloak', name));
	const named = (await Promise.all(files)).join('').matchAll(/\$\{([A-Z_]+)/g);
	assert.deepEqual(
		Object.keys(KEYCLOAK_SIDE.variables).sort(),
		[...new Set([...named].map(([, name]) => name))].sort(),
	);
});
