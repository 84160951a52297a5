/** The files and folders of the stand-in: their metadata in one JSON file, their bytes in files beside it. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { insufficientRights, notFound, Refusal } from './refusal.ts';
import { type Caller, FREE_LIMIT, type Role, type World } from './world.ts';

export const FOLDER = 'application/vnd.google-apps.folder';

export interface Permission {
	id: string;
	type: 'user' | 'anyone' | 'domain' | 'group';
	role: Role | 'owner';
	emailAddress?: string;
	domain?: string;
}

export interface Item {
	id: string;
	name: string;
	mimeType: string;
	/** The root of a drive has none. */
	parent: string | undefined;
	/** Of a shared drive. */
	driveId: string | undefined;
	/** Of My Drive; files of a shared drive have no owner. */
	owner: string | undefined;
	/** The project that made it: all that the scope `drive.file` reaches. */
	project: string;
	description: string | undefined;
	createdTime: string;
	modifiedTime: string;
	size: number | undefined;
	md5: string | undefined;
	sha1: string | undefined;
	sha256: string | undefined;
	trashed: boolean;
	/** By project: others do not see them. */
	appProperties: Record<string, Record<string, string>>;
	permissions: Permission[];
}

/** What each role may do to what lies in a folder that it holds for. */
export interface Rights {
	read: boolean;
	add: boolean;
	edit: boolean;
	trash: boolean;
	delete: boolean;
}

const READ = { read: true, add: false, edit: false, trash: false, delete: false };
const RIGHTS: Record<Role | 'owner', Rights> = {
	owner: { read: true, add: true, edit: true, trash: true, delete: true },
	organizer: { read: true, add: true, edit: true, trash: true, delete: true },
	fileOrganizer: { read: true, add: true, edit: true, trash: true, delete: false },
	writer: { read: true, add: true, edit: true, trash: false, delete: false },
	commenter: READ,
	reader: READ,
};
const RANK: (Role | 'owner')[] = ['reader', 'commenter', 'writer', 'fileOrganizer', 'organizer', 'owner'];

/** Drive's own limit for a key and a value of `appProperties` together, in bytes of UTF-8. */
const PROPERTY_BYTES = 124;

export class Records {
	readonly directory: string;
	readonly world: World;
	/** ms since 1970; tests move it. */
	now: () => number = Date.now;
	/** Answers that will leave out the checksums of an item, by its id. */
	readonly unhashed = new Map<string, number>();
	readonly #items = new Map<string, Item>();
	readonly #file: string;

	constructor(directory: string, world: World) {
		this.directory = directory;
		this.world = world;
		this.#file = path.join(directory, 'items.json');
		mkdirSync(path.join(directory, 'content'), { recursive: true });
		if (existsSync(this.#file)) {
			for (const item of JSON.parse(readFileSync(this.#file, 'utf8')) as Item[]) this.#items.set(item.id, item);
		}
		for (const { email } of world.users) this.#root(rootOf(email), 'My Drive', { owner: email });
		for (const { id, name } of world.sharedDrives) this.#root(id, name, { driveId: id });
	}

	get all(): Item[] {
		return [...this.#items.values()];
	}

	find(id: string): Item | undefined {
		return this.#items.get(id);
	}

	contentFile(id: string): string {
		return path.join(this.directory, 'content', id);
	}

	/** A new item, not yet kept. */
	make(values: Pick<Item, 'name' | 'mimeType' | 'parent' | 'project'> & Partial<Item>): Item {
		const parent = values.parent === undefined ? undefined : this.#items.get(values.parent);
		const time = new Date(this.now()).toISOString();
		return {
			id: newId(),
			driveId: parent?.driveId,
			owner: parent?.owner,
			description: undefined,
			createdTime: time,
			modifiedTime: time,
			size: undefined,
			md5: undefined,
			sha1: undefined,
			sha256: undefined,
			trashed: false,
			appProperties: {},
			permissions: [],
			...values,
		};
	}

	put(item: Item): void {
		this.#items.set(item.id, item);
		this.save();
	}

	/** For good, with all that lies below. */
	remove(id: string): void {
		for (const item of this.all) if (item.parent === id) this.remove(item.id);
		this.#items.delete(id);
		rmSync(this.contentFile(id), { force: true });
		this.save();
	}

	save(): void {
		writeFileSync(`${this.#file}.new`, JSON.stringify(this.all));
		renameSync(`${this.#file}.new`, this.#file);
	}

	/** The strongest role that an account holds on an item, by itself or from above. */
	roleOf(account: string, item: Item): Role | 'owner' | undefined {
		const roles: (Role | 'owner' | undefined)[] = [];
		for (let at: Item | undefined = item; at; at = at.parent === undefined ? undefined : this.#items.get(at.parent)) {
			if (at.owner === account) roles.push('owner');
			for (const { type, emailAddress, role } of at.permissions) {
				if (type === 'anyone' || emailAddress === account) roles.push(role);
			}
			if (at.driveId === at.id) {
				roles.push(this.world.sharedDrives.find(({ id }) => id === at?.id)?.members[account]);
			}
		}
		return roles.sort((one, other) => RANK.indexOf(other ?? 'reader') - RANK.indexOf(one ?? 'reader'))[0];
	}

	/** None at all for what the account, or the scope of its token, does not reach. */
	rightsOf({ account, scopes, project }: Caller, item: Item): Rights | undefined {
		if (!scopes.some((scope) => WIDE.includes(scope)) && item.project !== project && item.parent !== undefined) {
			return undefined;
		}
		const role = this.roleOf(account, item);
		return role && RIGHTS[role];
	}

	/**
	 * @param allDrives `supportsAllDrives`: without it what lies on a shared drive does not exist
	 * @throws Refusal 404, 403
	 */
	reach(caller: Caller, id: string, right: keyof Rights, allDrives: boolean): Item {
		const item = this.#items.get(this.aliased(caller, id));
		const rights = item && this.rightsOf(caller, item);
		if (!item || !rights || (item.driveId !== undefined && !allDrives)) throw notFound(id);
		if (!rights[right]) throw insufficientRights();
		return item;
	}

	/** `root` is one's own My Drive. */
	aliased({ account }: { account: string }, id: string): string {
		return id === 'root' ? rootOf(account) : id;
	}

	/** In the trash itself, or by what it lies in. */
	isTrashed(item: Item): boolean {
		const parent = item.parent === undefined ? undefined : this.#items.get(item.parent);
		return item.trashed || (parent !== undefined && this.isTrashed(parent));
	}

	/** Bytes that count against the limit of where `item` lies; what is in the trash counts. */
	usage({ owner, driveId }: Pick<Item, 'owner' | 'driveId'>): {
		used: number;
		trashed: number;
		limit: number | undefined;
	} {
		const beside = this.all.filter((other) =>
			driveId ? other.driveId === driveId : other.owner === owner && !other.driveId,
		);
		const sum = (items: Item[]) => items.reduce((total, { size = 0 }) => total + size, 0);
		const limit = driveId
			? this.world.sharedDrives.find(({ id }) => id === driveId)?.limit
			: (this.world.users.find(({ email }) => email === owner)?.limit ?? FREE_LIMIT);
		return { used: sum(beside), trashed: sum(beside.filter((item) => this.isTrashed(item))), limit };
	}

	/** @throws Refusal 403 `storageQuotaExceeded` */
	requireSpace(caller: Caller, parent: Item, bytes: number): void {
		if (caller.service && parent.driveId === undefined) {
			const remedy = 'Leverage shared drives, or use OAuth delegation instead.';
			throw new Refusal(403, 'storageQuotaExceeded', `Service Accounts do not have storage quota. ${remedy}`);
		}
		const { used, limit } = this.usage(parent);
		if (limit !== undefined && used + bytes > limit) {
			throw new Refusal(403, 'storageQuotaExceeded', "The user's Drive storage quota has been exceeded.");
		}
	}

	#root(id: string, name: string, place: { owner?: string; driveId?: string }): void {
		if (this.#items.has(id)) return;
		this.put(this.make({ id, name, mimeType: FOLDER, parent: undefined, project: '', ...place }));
	}
}

/** Scopes that reach more than what the application made. */
const WIDE = ['drive', 'drive.readonly', 'drive.metadata', 'drive.metadata.readonly'].map(
	(name) => `https://www.googleapis.com/auth/${name}`,
);

/** As long and of the letters that Drive's have. */
export function newId(): string {
	return `1${randomBytes(24).toString('base64url')}`;
}

function rootOf(account: string): string {
	return `0A${Buffer.from(account).toString('base64url')}`;
}

/** @throws Refusal for properties that are too long */
export function checkedProperties(given: unknown): Record<string, string | null> {
	const properties = (given ?? {}) as Record<string, string | null>;
	for (const [key, value] of Object.entries(properties)) {
		if (value !== null && typeof value !== 'string')
			throw new Refusal(400, 'invalid', 'Invalid value for appProperties');
		if (Buffer.byteLength(key) + Buffer.byteLength(value ?? '') > PROPERTY_BYTES) {
			throw new Refusal(400, 'invalid', 'App property key and value together must be at most 124 bytes.');
		}
	}
	return properties;
}
