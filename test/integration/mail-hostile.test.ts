/** Hostile values in every field of the contract, through the whole worker: mailed harmlessly, or parked with a reason. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { type AddressObject, simpleParser } from 'mailparser';
import contract from '../../contracts/purchase-message.schema.json' with { type: 'json' };
import type { JsonObject, JsonValue } from '../../lib/mail/message.ts';
import { aMessage, mailLab, QUEUE, receivedIds, until } from '../mail-lab.ts';

const VALUES: Record<string, JsonValue> = {
	'a header': 'a\r\nBcc: evil@x.test',
	'two addresses': 'a@x.test, b@x.test',
	'a template': 'X{{order.number}}Y{{{order.number}}}Z',
	'an open section': '{{#order.lines}}',
	'a script': '<script>alert(1)</script><img src=x onerror=alert(1)>',
	'an active address': 'javascript:alert(1)',
	'the name of a prototype': '__proto__',
	'a prototype': JSON.parse('{"__proto__": {"polluted": true}}'),
	'a NUL': 'a\u0000b',
	'10 kB': 'x'.repeat(10_000),
};

/** With what belongs to it a mail has no others. */
const HEADERS =
	/^(?:from|to|reply-to|subject|message-id|date|mime-version|content-type|content-language|auto-submitted|x-auto-response-suppress)$/;

/** Paths of all values in the schema, those behind `$ref` included. */
function paths(schema: JsonObject, at: string[] = []): string[][] {
	const reference = schema['$ref'];
	if (typeof reference === 'string') {
		const definitions = contract.$defs as unknown as Record<string, JsonObject>;
		return paths(definitions[reference.slice('#/$defs/'.length)] ?? {}, at);
	}
	if (schema['items']) return paths(schema['items'] as JsonObject, [...at, '0']);
	const properties = schema['properties'] as Record<string, JsonObject> | undefined;
	if (!properties) return [at];
	return Object.entries(properties).flatMap(([name, property]) => paths(property, [...at, name]));
}

/** A good order with one value in the place of another; a field that it lacks is added. */
function damaged(path: readonly string[], value: JsonValue): JsonObject {
	return aMessage(randomUUID(), (message) => {
		if (path[0] === 'rendered') message['rendered'] = { subject: 'Pedido', text: 'Pedido', html: '<p>Pedido</p>' };
		let place = message as Record<string, JsonValue>;
		for (const name of path.slice(0, -1)) {
			place[name] ??= {};
			place = place[name] as Record<string, JsonValue>;
		}
		place[path.at(-1) ?? ''] = value;
	});
}

test('hostile values in every field are mailed harmlessly or parked with a reason, and the worker goes on', async (t) => {
	const fields = paths(contract as unknown as JsonObject);
	assert.ok(fields.length > 45, `${fields.length} fields`);
	const messages = fields.flatMap((path) => Object.values(VALUES).map((value) => damaged(path, value)));
	const lab = await mailLab(t);
	const worker = await lab.worker({ pool: 10 });
	const begun = performance.now();
	// As bytes: what an id holds then does not become a property of the AMQP message.
	await lab.publish(messages.map((message) => Buffer.from(JSON.stringify(message))));
	await until('each has its outcome', () => lab.outcomes.length >= messages.length);
	const took = performance.now() - begun;

	const mails = [...lab.smtp.mails];
	const parked = lab.outcomes.filter(({ outcome }) => outcome === 'parked');
	assert.equal(mails.length + parked.length, messages.length);
	assert.equal(new Set(receivedIds(lab.smtp)).size, mails.length);
	assert.equal(await lab.depth(`${QUEUE}.parked`), parked.length);
	for (const { reason } of parked) {
		assert.match(reason?.code ?? '', /^(?:MESSAGE_INVALID|MESSAGE_VERSION)$/);
		assert.match(reason?.text ?? '', /^The (?:message|ready mail)(?:.s)? .{10,300}$/);
		assert.doesNotMatch(reason?.text ?? '', /evil|alert\(|polluted|xxxx/);
	}
	for (const { to, raw } of mails) {
		assert.deepEqual(to, ['ventas@insumos.test']);
		assert.ok(!raw.includes('\0'));
		const mail = await simpleParser(raw);
		assert.equal((mail.to as AddressObject).value.length, 1);
		for (const name of mail.headers.keys()) assert.match(name, HEADERS);
		assert.doesNotMatch(String(mail.html), /<script|<img[^>]*onerror|(?:href|src)="?\s*javascript:/i);
		assert.doesNotMatch([mail.subject, mail.text, mail.html].join('\n'), /XP00042Y/);
	}
	assert.equal(Reflect.get({}, 'polluted'), undefined);
	t.diagnostic(`${fields.length} fields, ${mails.length} mailed, ${parked.length} parked, ${Math.round(took)} ms`);
	assert.ok(took < 10_000, `${Math.round(took)} ms`);

	const id = randomUUID();
	await lab.publish([aMessage(id)]);
	await until('an ordinary order is mailed', () => receivedIds(lab.smtp).includes(id));
	assert.deepEqual([worker.state.phase, worker.state.pauses.length], ['consuming', 0]);
});
