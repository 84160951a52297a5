/** The table of roles against what this package's nodes and Node-RED itself ask for. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { ADMIN_ONLY, may, permissionsOf, ROLES, type Role, rolesIn } from '../../../editor-auth/roles.ts';
import { operatorTopics, permissionOf } from '../../../nodes/runtime/operator-actions.ts';
import { ScriptedRed } from '../nodes/scripted-red.ts';

const root = path.resolve(import.meta.dirname, '../../..');

/** Checked frame by frame in `editor-auth/`, and named by Node-RED's websocket instead of a route. */
const BEYOND_ROUTES = ['debug.read', 'status.read'];

function foundIn(pattern: string, permission: RegExp): string[] {
	const files = globSync(pattern, { cwd: root });
	assert.ok(files.length > 0, pattern);
	return files.flatMap((file) =>
		[...readFileSync(path.join(root, file), 'utf8').matchAll(permission)].map(([, name = '']) => name),
	);
}

/** Of each topic that a node set defines, by defining it. */
async function ofTopics(): Promise<string[]> {
	const { api } = new ScriptedRed();
	for (const file of globSync('nodes/*/operator-topic.ts', { cwd: root })) {
		const topic = (await import(path.join(root, file))) as Record<string, unknown>;
		for (const [name, define] of Object.entries(topic))
			if (/^define\w+Topic$/.test(name)) (define as (RED: unknown) => void)(api);
	}
	const topics = [...operatorTopics(api).values()];
	assert.ok(topics.length >= 4);
	return topics.flatMap(({ topic }) => Object.keys(topic.actions).map((action) => permissionOf(topic.name, action)));
}

async function asked(): Promise<Set<string>> {
	return new Set([
		...(await ofTopics()),
		...foundIn('nodes/**/*.ts', /'(clinic-hub\.[a-z-]+\.[a-z-]+|[a-z-]+\.(?:read|write))'/g),
		...foundIn('node_modules/@node-red/*/lib/**/*.js', /needsPermission\(["']([^"']+)["']\)/g),
		...foundIn('node_modules/@node-red/nodes/core/**/*.js', /needsPermission\(["']([^"']+)["']\)/g),
	]);
}

const others = ROLES.filter((role) => role !== 'hub-admin');

describe('the table of roles', () => {
	test('each permission that something asks for is granted by a role, or left to administrators on purpose', async () => {
		const granted = new Set([...permissionsOf(others), ...ADMIN_ONLY]);
		assert.deepEqual(
			[...(await asked())].filter((permission) => !granted.has(permission)),
			[],
		);
	});

	test('grants nothing that nobody asks for', async () => {
		const needed = new Set([...(await asked()), ...BEYOND_ROUTES]);
		const written = [...permissionsOf(others), ...ADMIN_ONLY];
		assert.deepEqual(
			written.filter((permission) => !needed.has(permission)),
			[],
		);
	});

	test('what is left to administrators is granted to nobody else', () => {
		for (const permission of ADMIN_ONLY) {
			assert.ok(may(['hub-admin'], permission), permission);
			assert.ok(!may(others, permission), permission);
		}
	});

	test('no role but the administrator’s holds a wildcard', () => {
		for (const permission of permissionsOf(others)) assert.match(permission, /^[a-z-]+(\.[a-z-]+)+$/);
	});

	test('deploys, and tests of a connection, which reach what a flow reaches, are for those who edit', () => {
		const deploying = ROLES.filter((role) => may([role], 'flows.write'));
		assert.deepEqual(deploying, ['hub-admin', 'hub-analyst']);
		for (const permission of ['context.read', 'debug.read', 'diagnostics.read', 'inject.write'])
			assert.ok(!may(['hub-operator', 'hub-auditor'], permission), permission);
	});

	test('the operator decides; the analyst and the auditor do not', () => {
		for (const permission of ['clinic-hub.identity.approve', 'clinic-hub.mail.replay', 'clinic-hub.restore.begin']) {
			assert.ok(may(['hub-operator'], permission), permission);
			assert.ok(!may(['hub-analyst', 'hub-auditor'], permission), permission);
		}
	});

	test('only known roles in a list of texts count', () => {
		assert.deepEqual(rolesIn(['hub-auditor', 'HUB-ADMIN', 'hub-admin ', '__proto__', 'constructor', 7, null]), [
			'hub-auditor',
		]);
		for (const claim of ['hub-admin', { 0: 'hub-admin' }, undefined, null, 1]) assert.deepEqual(rolesIn(claim), []);
		assert.deepEqual(permissionsOf([] as Role[]), []);
	});
});
