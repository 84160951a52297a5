/** "Test connection": what an upload and the retention would meet, without changing anything. */
import type { drive_v3 } from '@googleapis/drive';
import { HubError, type HubErrorCode, toHubError } from '../errors.ts';
import { type Finding, Findings } from '../findings.ts';
import { CHECK_WORDS, type CheckKey } from './check-words.ts';
import type { DriveClient } from './client.ts';
import { type Folder, getFolder } from './folder.ts';
import { SCOPES } from './scopes.ts';

export interface CheckQuestion {
	/** Id or address; none while the hub has not made its own yet. */
	folder?: string | undefined;
	/** What the account is for. A content manager may trash, which an uploader need not. Default `upload`. */
	purpose?: 'upload' | 'retention';
	/** What the retention plan will need, in bytes. */
	neededBytes?: number;
	/** Mail domains of the clinic; default that of the account, unless everybody has one there. */
	domains?: string[];
}

export interface DriveCheck {
	/** True when nothing failed; warnings may stand. */
	ok: boolean;
	findings: Finding<CheckKey>[];
	account?: string;
	folder?: Folder;
	/** Why nothing could be looked at. */
	error?: { code: HubErrorCode; text: string };
}

/** Domains at which anybody gets an address. */
const PUBLIC_DOMAINS = ['gmail.com', 'googlemail.com'];
const SERVICE_ACCOUNTS = /\.gserviceaccount\.com$/;
const PAGE_SIZE = 100;

/** Never throws for what Google says; that is the result. @throws HubError CANCELLED */
export async function checkDrive(
	client: DriveClient,
	question: CheckQuestion,
	signal?: AbortSignal,
): Promise<DriveCheck> {
	const findings = new Findings(CHECK_WORDS);
	try {
		const fields = 'user(emailAddress),storageQuota(limit,usage)';
		const about = await client.call((api, options) => api.about.get({ fields }, options), signal);
		const account = about.user?.emailAddress ?? '';
		findings.values['account'] = account;
		findings.ok('account');
		consent(client, findings);
		const folder = await folderOf(client, question, findings, signal);
		space(about, client, folder, question, findings);
		if (folder) await sharing(client, folder, account, question, findings, signal);
		return { ok: findings.fine, findings: findings.list, account, ...(folder ? { folder } : {}) };
	} catch (thrown) {
		const { code, message } = toHubError(thrown);
		if (code === 'CANCELLED') throw thrown;
		return { ok: false, findings: findings.list, error: { code, text: message } };
	}
}

function consent({ account, grantedScopes }: DriveClient, findings: Findings<CheckKey>): void {
	if (account.kind !== 'consent') return;
	const { expiresAt, scope } = account;
	if (expiresAt !== undefined) {
		findings.warn('consentEnds', { date: new Date(expiresAt).toISOString().slice(0, 10) });
	}
	const scopes = grantedScopes.length > 0 ? grantedScopes : (scope ?? '').split(' ');
	if (scopes.includes(SCOPES.everything)) findings.warn('scopeWide');
}

async function folderOf(
	client: DriveClient,
	{ folder, purpose = 'upload' }: CheckQuestion,
	findings: Findings<CheckKey>,
	signal?: AbortSignal,
): Promise<Folder | undefined> {
	const service = client.account.kind === 'service-account';
	if (!folder) {
		if (service) findings.fail('folderUnset');
		else findings.warn('folderUnset');
		return undefined;
	}
	let found: Folder;
	try {
		found = await getFolder(client, folder, signal);
	} catch (thrown) {
		if (!(thrown instanceof HubError && thrown.code === 'DRIVE_NOT_FOUND')) throw thrown;
		findings.fail('folderMissing');
		return undefined;
	}
	findings.ok('folder', { name: found.name });
	if (found.trashed) findings.fail('folderTrashed');
	if (service && found.driveId === undefined) findings.fail('notShared');
	if (purpose === 'upload' && !found.can.add) findings.fail('cannotAdd');
	if (purpose === 'upload' && service && (found.can.trash || found.can.delete)) findings.warn('roleWide');
	if (purpose === 'retention' && !found.can.trash) findings.fail('cannotTrash');
	return found;
}

function space(
	{ storageQuota }: drive_v3.Schema$About,
	{ account }: DriveClient,
	folder: Folder | undefined,
	{ neededBytes = 0 }: CheckQuestion,
	findings: Findings<CheckKey>,
): void {
	const needed = gigabytes(neededBytes);
	if (folder?.driveId !== undefined) {
		findings.ok(neededBytes > 0 ? 'spaceUntold' : 'spaceUnknown', { needed });
		return;
	}
	const { limit, usage } = storageQuota ?? {};
	// Without a limit there is none; a service account's own space is of no use.
	if (account.kind === 'service-account' || !limit) return;
	const free = Number(limit) - Number(usage ?? 0);
	const values = { free: gigabytes(free), limit: gigabytes(Number(limit)), needed };
	if (neededBytes > free) findings.warn('spaceShort', values);
	else findings.ok('space', values);
}

async function sharing(
	client: DriveClient,
	{ id }: Folder,
	account: string,
	question: CheckQuestion,
	findings: Findings<CheckKey>,
	signal?: AbortSignal,
): Promise<void> {
	let permissions: drive_v3.Schema$Permission[];
	try {
		permissions = await permissionsOf(client, id, signal);
	} catch (thrown) {
		if (!(thrown instanceof HubError && thrown.code === 'DRIVE_FORBIDDEN')) throw thrown;
		findings.warn('sharingUntold');
		return;
	}
	if (permissions.some(({ type }) => type === 'anyone')) findings.fail('public');
	const domains = question.domains ?? domainsOf(account);
	if (domains.length === 0) return;
	const outside = permissions.filter(({ type, emailAddress, domain }) => {
		if (type === 'anyone' || emailAddress === account) return false;
		const at = domain ?? emailAddress?.split('@')[1] ?? '';
		return !domains.includes(at) && !SERVICE_ACCOUNTS.test(at);
	});
	if (outside.length > 0) findings.warn('outsiders', { count: String(outside.length), domains: domains.join(', ') });
}

async function permissionsOf(client: DriveClient, fileId: string, signal?: AbortSignal) {
	const fields = 'nextPageToken,permissions(type,emailAddress,domain,role)';
	const asked = { fileId, supportsAllDrives: true, pageSize: PAGE_SIZE, fields };
	const all: drive_v3.Schema$Permission[] = [];
	let pageToken: string | undefined;
	do {
		const token = pageToken === undefined ? {} : { pageToken };
		const page: drive_v3.Schema$PermissionList = await client.call(
			(api, options) => api.permissions.list({ ...asked, ...token }, options),
			signal,
		);
		all.push(...(page.permissions ?? []));
		pageToken = page.nextPageToken ?? undefined;
	} while (pageToken !== undefined && all.length < MOST_PERMISSIONS);
	return all;
}

/** Drive lets nobody share a folder with more. */
const MOST_PERMISSIONS = 600;

function domainsOf(account: string): string[] {
	const domain = account.split('@')[1] ?? '';
	return domain === '' || PUBLIC_DOMAINS.includes(domain) || SERVICE_ACCOUNTS.test(domain) ? [] : [domain];
}

function gigabytes(bytes: number): string {
	return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
