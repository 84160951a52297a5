/** What each role of Keycloak's client `clinic-hub` may do; anything that is not written here is refused. */

export const ROLES = ['hub-admin', 'hub-analyst', 'hub-operator', 'hub-auditor'] as const;
export type Role = (typeof ROLES)[number];

/**
 * Context and diagnostics are not among them: values of flows may be about patients. Node-RED's plain `read` would grant
 * both, so every right stands here by its name.
 */
const SEE = [
	...['flows.read', 'nodes.read', 'plugins.read', 'settings.read', 'library.read', 'credentials.read', 'status.read'],
	...['udp-ports.read', 'clinic-hub.overview.read'],
] as const;

/** Lists and details of what waits for a person; each also has an address or a name of staff in it. */
const DECIDE = [
	...actions('mail', 'list', 'inspect', 'search', 'correct', 'replay', 'discard', 'pause', 'resume'),
	...actions('identity', 'list', 'inspect', 'approve', 'reject', 'link', 'run', 'cancel'),
	...actions('backup', 'list', 'inspect', 'start', 'cancel', 'accept'),
	...actions('restore', 'list', 'begin', 'discard', 'cancel'),
] as const;

/** Changing flows is running code on the hub's machine: whoever may do it may do all that the flows can. */
const EDIT = [
	...['flows.write', 'library.write', 'settings.write', 'inject.write', 'debug.read', 'debug.write'],
	...['context.read', 'context.write', 'diagnostics.read'],
	// Tests that send something: asked for beside the right to deploy.
	...['clinic-hub.smtp.test-mail', 'clinic-hub.notices.test', 'clinic-hub.backup.test-alarm'],
] as const;

const PERMISSIONS: Record<Role, readonly string[]> = {
	'hub-admin': ['*'],
	'hub-analyst': [...SEE, ...EDIT],
	'hub-operator': [...SEE, ...DECIDE],
	'hub-auditor': SEE,
};

/**
 * Left to administrators on purpose: new kinds of nodes, projects, an account of Google for the hub, and saying that a
 * recovery key works.
 */
export const ADMIN_ONLY: readonly string[] = [
	...['nodes.write', 'projects.read', 'projects.write'],
	...['clinic-hub.drive.connect', 'clinic-hub.backup.check-key'],
];

function actions(topic: string, ...names: string[]): string[] {
	return names.map((name) => `clinic-hub.${topic}.${name}`);
}

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
