/** Drive's methods for metadata, version 3, as far as the hub and its peers use them. */
import { digestFields } from './digests.ts';
import { select } from './fields.ts';
import { parseQuery } from './query.ts';
import { checkedProperties, FOLDER, type Item, type Records, type Rights } from './records.ts';
import { insufficientRights, invalid, notFound, Refusal } from './refusal.ts';
import type { Caller } from './world.ts';

export interface Call {
	records: Records;
	caller: Caller;
	query: URLSearchParams;
}

type Body = Record<string, unknown>;

const LIST_FIELDS = 'kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType)';
const FILE_FIELDS = 'kind,id,name,mimeType';
const PAGE_SIZE = { default: 100, most: 1_000 };

/** Only these may change anything. */
const WRITING = ['drive', 'drive.file', 'drive.appdata'].map((name) => `https://www.googleapis.com/auth/${name}`);

/** @throws Refusal 403 when the token may only read */
export function requireWriting({ scopes }: Caller): void {
	if (scopes.some((scope) => WRITING.includes(scope))) return;
	throw new Refusal(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.');
}

export function about({ records, caller, query }: Call): unknown {
	const fields = query.get('fields');
	if (!fields) throw new Refusal(400, 'required', "The 'fields' parameter is required for this method.");
	const { account } = caller;
	const name = records.world.users.find(({ email }) => email === account)?.name ?? account;
	const { used, trashed, limit } = records.usage({ owner: account, driveId: undefined });
	const quota = caller.service ? { limit: '0' } : { limit: String(limit) };
	return select(
		{
			kind: 'drive#about',
			user: { kind: 'drive#user', displayName: name, emailAddress: account, me: true, permissionId: idOf(account) },
			storageQuota: { ...quota, usage: String(used), usageInDrive: String(used), usageInDriveTrash: String(trashed) },
			maxUploadSize: String(5 * 1024 ** 4),
		},
		fields,
	);
}

export function list({ records, caller, query }: Call): unknown {
	const drives = isTrue(query, 'includeItemsFromAllDrives');
	const corpora = query.get('corpora') ?? 'user';
	const driveId = query.get('driveId');
	if (drives && !allDrives(query)) throw invalid('includeItemsFromAllDrives needs supportsAllDrives.');
	if ((corpora === 'drive') !== (driveId !== null)) throw invalid('The driveId and corpora=drive go together.');
	if (driveId && !drives) throw invalid('includeItemsFromAllDrives must be set for corpora=drive.');
	if (driveId && !records.find(driveId)) throw notFound(driveId);
	const pageSize = Number(query.get('pageSize') ?? PAGE_SIZE.default);
	if (!(pageSize >= 1 && pageSize <= PAGE_SIZE.most))
		throw invalid('Invalid value for pageSize. Values must be within the range: [1, 1000]');
	const text = query.get('q');
	const matches = text ? parseQuery(text, caller.project, (id) => records.aliased(caller, id)) : () => true;
	const found = records.all.filter(
		(item) =>
			item.parent !== undefined &&
			records.rightsOf(caller, item)?.read &&
			(item.driveId === undefined ? corpora !== 'drive' : drives && (driveId ?? item.driveId) === item.driveId) &&
			matches({ ...item, trashed: records.isTrashed(item) }),
	);
	sort(found, query.get('orderBy'));
	const start = startOf(query.get('pageToken'), text);
	const next = start + pageSize;
	const fields = query.get('fields') ?? LIST_FIELDS;
	const files = found.slice(start, next).map((item) => fileOf(records, caller, item, fields));
	const more = next < found.length ? { nextPageToken: tokenOf(next, text) } : {};
	return select({ kind: 'drive#fileList', incompleteSearch: false, files, ...more }, fields);
}

export function get(call: Call, id: string): unknown {
	return answer(call, call.records.reach(call.caller, id, 'read', allDrives(call.query)));
}

/** A folder, or a file without content. */
export function create(call: Call, body: Body): unknown {
	const item = newItem(call, body);
	call.records.put(item);
	return answer(call, item);
}

/** The item that a body of metadata describes, not yet kept. @throws Refusal 404, 403, 400 */
export function newItem({ records, caller, query }: Call, body: Body): Item {
	requireWriting(caller);
	const parents = (body['parents'] as string[] | undefined) ?? ['root'];
	if (parents.length !== 1) throw new Refusal(400, 'invalid', 'A file can be in one folder only.');
	const parent = records.reach(caller, parents[0] ?? '', 'add', allDrives(query));
	if (parent.mimeType !== FOLDER) throw new Refusal(403, 'parentNotAFolder', 'The specified parent is not a folder.');
	const mimeType = String(body['mimeType'] ?? 'application/octet-stream');
	records.requireSpace(caller, parent, 0);
	const properties = Object.entries(checkedProperties(body['appProperties'])).filter(([, value]) => value !== null);
	const created = body['createdTime'] === undefined ? {} : { createdTime: timeOf(body['createdTime']) };
	return records.make({
		name: String(body['name'] ?? 'Untitled'),
		mimeType,
		parent: parent.id,
		project: caller.project,
		description: body['description'] === undefined ? undefined : String(body['description']),
		appProperties: { [caller.project]: Object.fromEntries(properties) as Record<string, string> },
		...created,
	});
}

export function change(call: Call, id: string, body: Body): unknown {
	const { records, caller, query } = call;
	requireWriting(caller);
	const item = records.reach(caller, id, 'edit', allDrives(query));
	if (body['trashed'] !== undefined) records.reach(caller, id, 'trash', allDrives(query));
	const known = ['name', 'description', 'trashed', 'appProperties', 'mimeType', 'createdTime', 'modifiedTime'];
	const unknown = Object.keys(body).find((name) => !known.includes(name));
	if (unknown === 'createdTime' || unknown === 'size' || unknown?.endsWith('Checksum')) {
		throw new Refusal(403, 'fieldNotWritable', 'The resource body includes fields which are not directly writable.');
	}
	if (unknown) throw invalid(`Invalid JSON payload received. Unknown name "${unknown}"`);
	if (body['createdTime'] !== undefined) {
		throw new Refusal(403, 'fieldNotWritable', 'The resource body includes fields which are not directly writable.');
	}
	if (body['name'] !== undefined) item.name = String(body['name']);
	if (body['description'] !== undefined) item.description = String(body['description']);
	if (body['trashed'] !== undefined) item.trashed = body['trashed'] === true;
	const properties = { ...item.appProperties[caller.project] };
	for (const [key, value] of Object.entries(checkedProperties(body['appProperties']))) {
		if (value === null) delete properties[key];
		else properties[key] = value;
	}
	item.appProperties[caller.project] = properties;
	item.modifiedTime = body['modifiedTime'] ? timeOf(body['modifiedTime']) : new Date(records.now()).toISOString();
	records.save();
	return answer(call, item);
}

/** For good; nothing goes to the trash. */
export function remove({ records, caller, query }: Call, id: string): void {
	requireWriting(caller);
	records.remove(records.reach(caller, id, 'delete', allDrives(query)).id);
}

export function permissions(call: Call, id: string): unknown {
	const { records, caller, query } = call;
	const item = records.reach(caller, id, 'read', allDrives(query));
	if (!records.rightsOf(caller, item)?.edit) throw insufficientRights();
	return select(
		{ kind: 'drive#permissionList', permissions: permissionsOf(records, item) },
		query.get('fields') ?? 'kind,permissions(id,type,kind,role)',
	);
}

export function drive({ records, caller, query }: Call, id: string): unknown {
	const root = records.find(id);
	const rights = root && records.rightsOf(caller, root);
	if (!root || root.driveId !== id || !rights) throw new Refusal(404, 'notFound', `Shared drive not found: ${id}`);
	const whole = { kind: 'drive#drive', id, name: root.name, capabilities: capabilitiesOf(rights) };
	return select(whole, query.get('fields') ?? 'kind,id,name');
}

/** What a call about one file answers. */
export function answer({ records, caller, query }: Call, item: Item, fields?: string): unknown {
	const asked = fields ?? query.get('fields') ?? FILE_FIELDS;
	return select(fileOf(records, caller, item, asked), asked);
}

export function allDrives(query: URLSearchParams): boolean {
	return isTrue(query, 'supportsAllDrives') || isTrue(query, 'supportsTeamDrives');
}

function isTrue(query: URLSearchParams, name: string): boolean {
	return query.get(name) === 'true';
}

/** @param fields those that are asked for: what is costly is left out unless it is among them */
function fileOf(records: Records, caller: Caller, item: Item, fields: string): Body {
	const rights = records.rightsOf(caller, item) ?? {
		read: false,
		add: false,
		edit: false,
		trash: false,
		delete: false,
	};
	const { id, name, mimeType, parent, driveId, owner, description, createdTime, modifiedTime, size, trashed } = item;
	const isFile = mimeType !== FOLDER;
	return {
		kind: 'drive#file',
		...{ id, name, mimeType, description, createdTime, modifiedTime },
		...{
			trashed: records.isTrashed(item),
			explicitlyTrashed: trashed,
			starred: false,
			spaces: ['drive'],
			version: '1',
		},
		...(parent === undefined ? {} : { parents: [parent] }),
		...(driveId
			? { driveId, teamDriveId: driveId }
			: { owners: [{ kind: 'drive#user', emailAddress: owner }], ownedByMe: owner === caller.account }),
		...(isFile ? { size: String(size ?? 0), quotaBytesUsed: String(size ?? 0), originalFilename: name } : {}),
		...(isFile ? digestFields(records, item, fields) : {}),
		...propertiesOf(item, caller),
		shared: permissionsOf(records, item).length > 1,
		capabilities: capabilitiesOf(rights),
		...(driveId ? {} : { permissions: permissionsOf(records, item) }),
	};
}

function propertiesOf(item: Item, { project }: Caller): Body {
	const own = item.appProperties[project] ?? {};
	return Object.keys(own).length > 0 ? { appProperties: own } : {};
}

function capabilitiesOf(rights: Rights): Body {
	return {
		...{
			canListChildren: rights.read,
			canDownload: rights.read,
			canReadRevisions: rights.edit,
			canShare: rights.trash,
		},
		...{ canAddChildren: rights.add, canEdit: rights.edit, canTrash: rights.trash, canDelete: rights.delete },
		...{ canTrashChildren: rights.trash, canDeleteChildren: rights.delete },
	};
}

function permissionsOf(records: Records, item: Item): Body[] {
	const above = item.parent === undefined ? undefined : records.find(item.parent);
	const inherited = above ? permissionsOf(records, above) : [];
	const members =
		item.parent === undefined && item.driveId
			? Object.entries(records.world.sharedDrives.find(({ id }) => id === item.driveId)?.members ?? {})
			: [];
	const own = item.permissions.map((permission) => ({ kind: 'drive#permission', ...permission }));
	const owner = item.parent === undefined && item.owner ? [[item.owner, 'owner'] as const] : [];
	const people = [...members, ...owner].map(([emailAddress, role]) => ({
		kind: 'drive#permission',
		...{ id: idOf(emailAddress), type: 'user', emailAddress, role },
	}));
	return [...inherited, ...people, ...own];
}

function idOf(account: string): string {
	return BigInt(`0x${Buffer.from(account).toString('hex')}`)
		.toString()
		.slice(0, 20);
}

function timeOf(value: unknown): string {
	const time = new Date(String(value));
	if (Number.isNaN(time.getTime())) throw invalid(`Invalid value for: Invalid format: "${value}"`);
	return time.toISOString();
}

function sort(items: Item[], orderBy: string | null): void {
	const keys = (orderBy ?? '')
		.split(',')
		.filter(Boolean)
		.map((key) => key.trim().split(' '));
	for (const [name = '', direction] of keys.reverse()) {
		if (!['createdTime', 'modifiedTime', 'name', 'folder'].includes(name))
			throw invalid(`Invalid value for orderBy: ${name}`);
		const value = (item: Item) => (name === 'folder' ? String(item.mimeType !== FOLDER) : item[name as 'name']);
		const sign = direction === 'desc' ? -1 : 1;
		items.sort((one, other) => sign * value(one).localeCompare(value(other)));
	}
}

function tokenOf(start: number, text: string | null): string {
	return Buffer.from(JSON.stringify([start, text])).toString('base64url');
}

/** A token fits only the search that gave it. */
function startOf(token: string | null, text: string | null): number {
	if (token === null) return 0;
	try {
		const [start, asked] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8')) as [number, string | null];
		if (asked === text) return start;
	} catch {
		// not one of ours
	}
	throw invalid('Invalid Value');
}
