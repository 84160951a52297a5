/** What each role of Keycloak's client `clinic-hub` may do; anything that is not written here is refused. */

export const ROLES = ['hub-admin', 'hub-analyst', 'hub-operator', 'hub-auditor'] as const;
export type Role = (typeof ROLES)[number];

/**
 * Context and diagnostics are not among them: values of flows may be about patients. Node-RED's plain `read` would grant
 * both, so every right stands here by its name.
 */
const SEE = [
	...['flows.read', 'nodes.read', 'plugins.read', 'settings.read', 'library.read', 'credentials.read', 'status.read'],
	'clinic-hub.overview.read',
] as const;

/** Lists and details of what waits for a person; each also has an address or a name of staff in it. */
const DECIDE = [
	...['list', 'inspect', 'search', 'correct', 'replay', 'discard', 'pause', 'resume'].map(
		(a) => `clinic-hub.mail.${a}`,
	),
	...['list', 'inspect', 'approve', 'reject', 'links'].map((a) => `clinic-hub.identity.${a}`),
	...['list', 'run', 'cancel', 'accept', 'keep', 'unkeep', 'test-alarm'].map((a) => `clinic-hub.backup.${a}`),
	...['list', 'run', 'cancel', 'confirm'].map((a) => `clinic-hub.restore.${a}`),
	...['list', 'confirm', 'cancel'].map((a) => `clinic-hub.drill.${a}`),
	'clinic-hub.notices.test',
] as const;

/** Changing flows is running code on the hub's machine: whoever may do it may do all that the flows can. */
const EDIT = [
	...['flows.write', 'nodes.write', 'library.write', 'settings.write', 'inject.write', 'debug.read', 'debug.write'],
	...['context.read', 'context.write', 'diagnostics.read', 'clinic-hub.history.list', 'clinic-hub.history.restore'],
] as const;

const PERMISSIONS: Record<Role, readonly string[]> = {
	'hub-admin': ['*'],
	'hub-analyst': [...SEE, ...EDIT],
	'hub-operator': [...SEE, ...DECIDE],
	'hub-auditor': [...SEE, 'clinic-hub.history.list', 'clinic-hub.audit.list'],
};

/** Known roles among what a claim holds. A claim that is not a list of texts holds none. */
export function rolesIn(claim: unknown): Role[] {
	if (!Array.isArray(claim)) return [];
	return ROLES.filter((role) => claim.includes(role));
}

export function permissionsOf(roles: readonly Role[]): string[] {
	return [...new Set(roles.flatMap((role) => PERMISSIONS[role]))];
}

/** As Node-RED decides it, for what does not pass through Node-RED. */
export function may(roles: readonly Role[], permission: string): boolean {
	const granted = permissionsOf(roles);
	return granted.includes('*') || granted.includes(permission);
}
