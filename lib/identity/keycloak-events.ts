/** What an event of Keycloak says here: whom to look at, and little more. Pure. */
import type { AdminEvent, RealmEvent, UserEvent } from '../keycloak/events.ts';
import type { EventSubject, SourceEvent } from './model.ts';

/** Below `users/<id>/`; needed only where the id itself may hold a slash. */
const BELOW_USER = new Set([
	...['reset-password', 'reset-password-email', 'execute-actions-email', 'send-verify-email', 'logout'],
	...['role-mappings', 'groups', 'credentials', 'federated-identity', 'consents', 'impersonation'],
]);

/** Null for what changes nothing: a failure, or a lockout that passes by itself. */
export function sourceEvent(event: RealmEvent): SourceEvent | null {
	const said = event.kind === 'admin' ? adminSaid(event) : userSaid(event);
	return said && { key: `${event.kind}:${event.id}`, at: event.time, ...said };
}

type Said = Pick<SourceEvent, 'kind' | 'subject'>;

function userSaid({ type, userId }: UserEvent): Said | null {
	// Anybody can cause it by wrong passwords, and the user stays enabled.
	if (type === 'USER_DISABLED_BY_TEMPORARY_LOCKOUT') return null;
	const subject: EventSubject = userId ? { type: 'user', id: userId } : { type: 'realm' };
	if (type === 'DELETE_ACCOUNT' && userId) return { kind: 'deleted', subject };
	if (type === 'USER_DISABLED_BY_PERMANENT_LOCKOUT') return { kind: 'lockedOut', subject };
	return { kind: 'changed', subject };
}

function adminSaid({ operation, resource, path, error }: AdminEvent): Said | null {
	if (error) return null;
	const changed = (subject: EventSubject): Said => ({ kind: 'changed', subject });
	const [first = '', id = '', below] = path.split('/').map(decoded);
	if (path.startsWith('attack-detection/')) return null;
	if (first === 'users' && id !== '') {
		// Of a federated user, `f:<component>:<id>`: where the id's own slash was not encoded it cannot be told.
		if (below !== undefined && id.startsWith('f:') && !BELOW_USER.has(below)) return changed({ type: 'realm' });
		const subject: EventSubject = { type: 'user', id };
		if (operation === 'DELETE' && resource === 'USER' && below === undefined) return { kind: 'deleted', subject };
		if (operation === 'ACTION' && below === 'reset-password') return { kind: 'passwordReset', subject };
		return changed(subject);
	}
	// One that was removed has no members left to ask for.
	if (first === 'groups' && id !== '' && !(operation === 'DELETE' && below === undefined)) {
		return changed({ type: 'group', id });
	}
	// A role by its own path may have been renamed or removed, and then nobody holds the name that the event says.
	if (first === 'roles' && below === 'composites') return changed({ type: 'role', name: id });
	return changed({ type: 'realm' });
}

function decoded(part: string): string {
	try {
		return decodeURIComponent(part);
	} catch {
		return part; // a name with a percent sign that was never encoded
	}
}
