/** Whom an event of Keycloak concerns, and what it says of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sourceEvent } from '../../../lib/identity/keycloak-events.ts';

const admin = (said: string, error?: string) => {
	const [operation = '', resource = '', path = ''] = said.split(' ');
	const told = sourceEvent({ kind: 'admin', id: '1', time: 5, operation, resource, path, ...(error ? { error } : {}) });
	return told && { kind: told.kind, ...told.subject };
};
const own = (type: string, userId?: string) => {
	const told = sourceEvent({ kind: 'user', id: '1', time: 5, type, ...(userId ? { userId } : {}) });
	return told && { kind: told.kind, ...told.subject };
};

describe('an event of Keycloak', () => {
	test('concerns the user whose state, roles or groups it changed', () => {
		for (const said of [
			'UPDATE USER users/a',
			'CREATE GROUP_MEMBERSHIP users/a/groups/g',
			'ACTION USER users/a/logout',
		])
			assert.deepEqual(admin(said), { kind: 'changed', type: 'user', id: 'a' }, said);
		assert.deepEqual(own('UPDATE_EMAIL', 'a'), { kind: 'changed', type: 'user', id: 'a' });
		assert.deepEqual(admin('UPDATE USER users/f%3Ac%3Aa%2Fb'), { kind: 'changed', type: 'user', id: 'f:c:a/b' });
	});

	test('says that a user was deleted only when that very user was', () => {
		assert.equal(admin('DELETE USER users/a')?.kind, 'deleted');
		assert.equal(own('DELETE_ACCOUNT', 'a')?.kind, 'deleted');
		assert.equal(admin('DELETE REALM_ROLE_MAPPING users/a/role-mappings/realm')?.kind, 'changed');
		assert.equal(admin('DELETE USER users/a/credentials/c')?.kind, 'changed');
		assert.equal(admin('DELETE USER users/f:c:a/b')?.type, 'realm');
	});

	test('tells a password reset by an administrator, and a lockout for good', () => {
		assert.equal(admin('ACTION USER users/a/reset-password')?.kind, 'passwordReset');
		assert.equal(own('RESET_PASSWORD', 'a')?.kind, 'changed');
		assert.equal(own('USER_DISABLED_BY_PERMANENT_LOCKOUT', 'a')?.kind, 'lockedOut');
	});

	test('says nothing where nothing changed: a failure, or a lockout that passes', () => {
		assert.equal(admin('UPDATE USER users/a', 'denied'), null);
		assert.equal(own('USER_DISABLED_BY_TEMPORARY_LOCKOUT', 'a'), null);
		assert.equal(admin('DELETE USER_LOGIN_FAILURE attack-detection/brute-force/users/a'), null);
	});

	test('concerns the members of a group or role, and everybody where these cannot be told', () => {
		assert.deepEqual(admin('CREATE REALM_ROLE_MAPPING groups/g/role-mappings/realm'), {
			...{ kind: 'changed', type: 'group', id: 'g' },
		});
		assert.deepEqual(admin('CREATE REALM_ROLE roles/r/composites'), { kind: 'changed', type: 'role', name: 'r' });
		for (const said of [
			...['DELETE GROUP groups/g', 'UPDATE REALM_ROLE roles/r', 'DELETE REALM_ROLE roles-by-id/x'],
			...['CREATE REALM_ROLE roles/a/b/composites', 'UPDATE REALM ', 'ACTION COMPONENT components/x'],
		])
			assert.deepEqual(admin(said), { kind: 'changed', type: 'realm' }, said);
	});
});
