/** What the synchronisation knows of both sides, and what it may ask of them; nothing here touches a network. */

/** A user as Keycloak decides on it. Where a field is `undefined`, Keycloak did not say: that is never "empty". */
export interface Person {
	/** Keycloak's id, the `sub` of its tokens; not always a UUID. */
	id: string;
	username: string;
	firstName?: string | undefined;
	lastName?: string | undefined;
	email?: string | undefined;
	enabled: boolean;
	locale?: string | undefined;
	attributes?: ReadonlyMap<string, readonly string[]> | undefined;
	/** Effective ones of the realm: direct, composite, by group. Roles of clients are not read. */
	roles?: ReadonlySet<string> | undefined;
	/** Paths, with those of the groups above. */
	groups?: ReadonlySet<string> | undefined;
}

/** Who is affected by an event: one user, or all members of something that was changed as a whole. */
export type EventSubject =
	| { type: 'user'; id: string }
	| { type: 'group'; id: string }
	| { type: 'role'; name: string }
	/** Something that may concern everybody, as an import or a change of the realm. */
	| { type: 'realm' };

export interface SourceEvent {
	/** Tells events apart, also two in one millisecond; the same at each reading. */
	key: string;
	/** In Keycloak's time, ms. */
	at: number;
	kind: 'changed' | 'deleted' | 'lockedOut' | 'passwordReset';
	subject: EventSubject;
}

export interface SourceEvents {
	events: SourceEvent[];
	/** False: Keycloak keeps no events, so that nothing can be learnt from them. */
	recording: boolean;
	/** How long Keycloak keeps events, ms; null for ever. */
	retentionMs: number | null;
	/** Keycloak's clock before it answered, ms. */
	serverTime: number;
}

/** Who holds what, read in bulk: a call a role and a group, never one a user. */
export interface Memberships {
	roles: ReadonlyMap<string, ReadonlySet<string>>;
	groups: ReadonlyMap<string, ReadonlySet<string>>;
	/** Names that were asked for and that the realm does not have. */
	unknown: readonly string[];
}

/** Keycloak, read only. Every call throws a `HubError` where the answer is anything but a full one. */
export interface IdentitySource {
	/** Public address of the realm; the same as `iss` in its tokens. */
	readonly issuer: string;
	count(signal?: AbortSignal): Promise<number>;
	/** A page may be short without being the last one; only an empty one is. Service accounts are left out, so `next` counts what the server skipped. */
	page(first: number, max: number, signal?: AbortSignal): Promise<{ users: unknown[]; next: number | null }>;
	memberships(roles: readonly string[], groups: readonly string[], signal?: AbortSignal): Promise<Memberships>;
	/** With roles and groups. Null only when Keycloak itself said in JSON that it has no such user. */
	find(id: string, signal?: AbortSignal): Promise<unknown>;
	/** Ids of those whom a change of this group or role concerns. */
	members(subject: EventSubject, signal?: AbortSignal): Promise<string[]>;
	/** Those of `from` and later, in any order, possibly with doubles. */
	events(from: number, signal?: AbortSignal): Promise<SourceEvents>;
}

/** A user of Odoo. */
export interface Account {
	id: number;
	login: string;
	name: string;
	email: string;
	/** Odoo's code of a language, or empty. */
	lang: string;
	active: boolean;
	/** Always false where Odoo cannot suspend. */
	suspended: boolean;
	/** `oauth_provider_id`. */
	provider: number | null;
	/** `oauth_uid`, which is `Person.id`. */
	uid: string | null;
	/** XML ids of all groups held, implied ones too. */
	groups: readonly string[];
	/** An internal user; portal and public ones are nobody's business here. */
	internal: boolean;
}

export interface TargetGroup {
	/** XML id. */
	id: string;
	name: string;
	/** XML ids of all groups that this one brings along. */
	implies: readonly string[];
}

export interface TargetDescription {
	/** Id of the provider whose users are followed. */
	provider: number;
	canSuspend: boolean;
	/** Sync account, root, administrator, public and template users: never touched. */
	protected: ReadonlySet<number>;
	/** Active, not suspended accounts with the group of system administrators; root is none. */
	administrators: readonly number[];
	/** How many active accounts belong to the provider. */
	linked: number;
	groups: ReadonlyMap<string, TargetGroup>;
	/** Installed ones, Odoo's codes. */
	languages: readonly string[];
	/** The table kept in Odoo, where the addon is installed. */
	table?: RoleTable | undefined;
	/** What cannot be done there, for a person. */
	limits: readonly TargetLimit[];
}

export type TargetLimit = 'suspend' | 'userRights' | 'endSessions' | 'readOnlyFields' | 'fence';

/** From Keycloak's roles and groups to Odoo's groups; whatever is not in it grants nothing. */
export type RoleTable = readonly { from: { role: string } | { group: string }; groups: readonly string[] }[];

export interface LineResult {
	ok: boolean;
	/** Why not; one line. */
	text?: string;
	/** Of a created account. */
	account?: number;
}

/** Odoo. */
export interface IdentityTarget {
	describe(signal?: AbortSignal): Promise<TargetDescription>;
	/** All of them, archived ones too; with `uids` those of the provider with these ids, and every account with one of `logins` in any case. */
	accounts(only?: { uids: readonly string[]; logins: readonly string[] }, signal?: AbortSignal): Promise<Account[]>;
	/**
	 * One batch; a failing line does not stop the others.
	 * Without lines it only makes the fence known.
	 * @param fence grows with each taking of the lease; a target that can refuses a smaller one than it has seen
	 */
	apply(lines: readonly Line[], fence: number, signal?: AbortSignal): Promise<LineResult[]>;
}

export interface Values {
	login: string;
	name: string;
	email: string;
	lang: string;
}

/** Why a line is in the plan. */
export type Why = 'disabled' | 'deleted' | 'missing' | 'scope' | 'enabled' | 'new' | 'approved' | 'changed' | 'reset';

export type ConflictReason =
	| 'loginTaken'
	| 'loginLooksAlike'
	| 'loginInvalid'
	| 'nameInvalid'
	| 'emailInvalid'
	| 'protected'
	| 'neverTouched'
	| 'notInternal'
	| 'privilegedNotAllowed'
	| 'groupUnknown'
	| 'scopeUnknown'
	| 'lastAdministrator'
	| 'lockedOut'
	| 'unconfirmed';

interface LineBase {
	/** Keycloak's id. */
	subject: string;
	/** Odoo's id; 0 for one that is to be created. */
	account: number;
	/** For the person who reads the plan: the login now, or the one to be. */
	login: string;
	why: Why;
}

/** A change of one account; everything that it will do stands in it, so that its digest says what was approved. */
export type Line =
	| (LineBase & { kind: 'suspend' | 'resume' | 'archive' | 'restore' })
	| (LineBase & { kind: 'endSessions'; at: number })
	| (LineBase & { kind: 'create'; values: Values; groups: readonly string[] })
	| (LineBase & { kind: 'link' })
	| (LineBase & { kind: 'update'; values: Partial<Values>; before: Partial<Values> })
	| (LineBase & { kind: 'addGroups' | 'removeGroups'; groups: readonly string[] });

export type LineKind = Line['kind'];

/** Something that is not done and that a person should know. */
export interface Conflict {
	subject: string;
	account: number;
	login: string;
	reason: ConflictReason;
	/** What it is about: a login, a group. */
	detail: string;
}

export interface Plan {
	issuer: string;
	provider: number;
	lines: Line[];
	conflicts: Conflict[];
}
