/** Who and what exists at the Google of the lab: people, applications, service accounts, shared drives. */

/** Roles as the API names them; on a shared drive `writer` is called contributor and `fileOrganizer` content manager. */
export type Role = 'organizer' | 'fileOrganizer' | 'writer' | 'commenter' | 'reader';

export interface User {
	email: string;
	name: string;
	/** Of My Drive, in bytes. Default 15 GiB. */
	limit?: number;
}

/** An OAuth client of Google's console. */
export interface OAuthClient {
	id: string;
	secret: string;
	/** Files and `appProperties` belong to the project. */
	project: string;
	name: string;
	/** A `desktop` one may be sent back to any port of this machine; a `web` one only to `redirects`. */
	kind: 'web' | 'desktop';
	redirects: string[];
	/** In `testing` only `testers` may consent, and the consent ends after seven days. */
	publishing: 'testing' | 'production';
	testers?: string[];
}

export interface ServiceAccount {
	email: string;
	project: string;
	/** PEM. */
	publicKey: string;
	keyId: string;
}

export interface SharedDrive {
	id: string;
	name: string;
	members: Record<string, Role>;
	/** In bytes; Drive does not tell it to anybody. Default none. */
	limit?: number;
}

export interface World {
	users: User[];
	clients: OAuthClient[];
	serviceAccounts: ServiceAccount[];
	sharedDrives: SharedDrive[];
}

/** What Google gives away free of charge, in bytes. */
export const FREE_LIMIT = 15 * 1024 ** 3;

/** Whoever made a call, and what the token lets it do. */
export interface Caller {
	account: string;
	project: string;
	scopes: string[];
	/** A service account cannot own files. */
	service: boolean;
}
