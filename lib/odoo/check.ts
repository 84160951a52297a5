/** "Test connection": what a backup would meet, without changing anything in Odoo. */
import { HubError, type HubErrorCode, toHubError } from '../errors.ts';
import { type Finding, Findings } from '../findings.ts';
import { isPrivateUrl } from '../http.ts';
import { apiKeysOf, daysUntil, KEY_WARN_DAYS } from './api-key.ts';
import { checkDirect, type DirectAccess } from './check-direct.ts';
import { CHECK_WORDS, type CheckKey } from './check-words.ts';
import { listDatabases } from './databases.ts';
import { managerPage } from './manager.ts';
import type { ManagerPage } from './manager-page.ts';
import { OdooRpc, rpc } from './rpc.ts';
import { odooUrl } from './transfer.ts';

export interface OdooQuestion {
	url: string;
	/** Those that are to be backed up; null: all. */
	databases: readonly string[] | null;
	masterPassword?: string | undefined;
	login?: { user: string; apiKey: string } | undefined;
	/** The way past the manager. */
	direct?: DirectAccess | undefined;
}

export interface OdooCheck {
	/** True when nothing failed; warnings may stand. */
	ok: boolean;
	findings: Finding<CheckKey>[];
	/** Such as `18.0-20250506`. */
	version?: string;
	/** What Odoo, or else PostgreSQL, shows. */
	databases?: string[];
	/** Only the direct way works. */
	hidden?: boolean;
	/** Why nothing could be looked at. */
	error?: { code: HubErrorCode; text: string };
}

/** Odoo answers such calls at once; in ms. */
const CALL_MS = 15_000;
/** What was measured and tried. */
const KNOWN_VERSION = '18.0';

/** Never throws for what Odoo says; that is the result. @throws HubError CANCELLED */
export async function checkOdoo(question: OdooQuestion, signal?: AbortSignal): Promise<OdooCheck> {
	const findings = new Findings(CHECK_WORDS);
	const result: Omit<OdooCheck, 'ok' | 'findings'> = {};
	try {
		if (!isPrivateUrl(question.url)) findings.warn('plainHttp');
		result.version = await version(question, findings, signal);
		const page = await manager(question, findings, signal);
		result.hidden = !page?.enabled;
		result.databases = await databases(question, page, findings);
		const meant = (question.databases ?? result.databases).filter((name) => result.databases?.includes(name));
		// A login is no secret of the manager's: an unprotected one does not take it.
		for (const database of question.login ? meant : []) await login(question, database, findings, signal);
		if (question.direct) await checkDirect(question.direct, meant, findings, signal);
		return { ok: findings.fine, findings: findings.list, ...result };
	} catch (thrown) {
		const { code, message } = toHubError(thrown);
		if (code === 'CANCELLED') throw thrown;
		return { ok: false, findings: findings.list, ...result, error: { code, text: message } };
	}
}

async function version(
	{ url }: OdooQuestion,
	findings: Findings<CheckKey>,
	signal: AbortSignal | undefined,
): Promise<string> {
	const answer = await rpc(url, 'common', 'version', [], { timeoutMs: CALL_MS, signal });
	const { server_version: found, server_serie: serie } = (answer ?? {}) as Record<string, unknown>;
	if (typeof found !== 'string') throw new HubError('ODOO_REFUSED', 'The address answers, but not as Odoo does.');
	if (serie === KNOWN_VERSION) findings.ok('version', { version: found });
	else findings.warn('versionOther', { version: found });
	return found;
}

/** Undefined where a proxy hides it. */
async function manager(
	{ url, direct, masterPassword }: OdooQuestion,
	findings: Findings<CheckKey>,
	signal: AbortSignal | undefined,
): Promise<ManagerPage | undefined> {
	const page = await managerPage(url, signal).catch((thrown) => {
		if (toHubError(thrown).code === 'ODOO_MANAGER_OFF') return undefined;
		throw thrown;
	});
	if (page?.unprotected) findings.fail('unprotected', { address: odooUrl(url, '/web/database/manager').href });
	if (!page?.enabled) {
		if (direct) findings.ok('managerOff');
		else findings.fail('onlyDirect');
	} else if (!page.unprotected) {
		findings.ok('manager');
		await master(url, masterPassword, direct !== undefined, findings, signal);
	}
	return page;
}

/**
 * By a call that needs the master password and lists countries: of Odoo's ways in, only the manager's forms set the password
 * that they are given, and those only while it is the default.
 */
async function master(
	url: string,
	password: string | undefined,
	direct: boolean,
	findings: Findings<CheckKey>,
	signal: AbortSignal | undefined,
): Promise<void> {
	if (!password) {
		if (!direct) findings.fail('masterPasswordMissing');
		return;
	}
	try {
		await rpc(url, 'db', 'list_countries', [password], { timeoutMs: CALL_MS, signal });
		findings.ok('masterPassword');
	} catch (thrown) {
		if (toHubError(thrown).code !== 'ODOO_CREDENTIALS') throw thrown;
		findings.fail('masterPasswordWrong');
	}
}

async function databases(
	question: OdooQuestion,
	page: ManagerPage | undefined,
	findings: Findings<CheckKey>,
): Promise<string[]> {
	const { direct } = question;
	let shown = page?.enabled ? page.databases : [];
	if (!page?.enabled && direct) shown = await listDatabases({ ...direct, database: 'postgres' });
	// Hidden, and no other way to look: what was asked for is taken for granted.
	else if (!page?.enabled) return [...(question.databases ?? [])];
	if (shown.length > 0) findings.ok('databases', { names: shown.join(', ') });
	else findings.fail('databasesNone');
	for (const database of question.databases ?? []) {
		if (!shown.includes(database)) findings.fail('databaseMissing', { database });
	}
	return shown;
}

async function login(
	{ url, login: account }: OdooQuestion,
	database: string,
	findings: Findings<CheckKey>,
	signal: AbortSignal | undefined,
): Promise<void> {
	if (!account) return;
	const { user, apiKey } = account;
	const odoo = new OdooRpc({ url, database, user, password: apiKey }, { timeoutMs: CALL_MS, signal });
	try {
		await odoo.signIn();
		findings.ok('login', { database, user });
		const { count, firstEnd } = await apiKeysOf(odoo);
		if (count === 0) return findings.warn('keyNone', { database, user });
		if (firstEnd === undefined) return findings.ok('keyForever', { database });
		const days = daysUntil(firstEnd, Date.now());
		const date = new Date(firstEnd).toISOString().slice(0, 10);
		const values = { database, user, date, days: String(days), count: String(count) };
		const soon = days < KEY_WARN_DAYS;
		if (count > 1) findings.add('keyOneOfSeveral', soon ? 'warning' : 'ok', values);
		else findings.add(soon ? 'keyEndsSoon' : 'keyEnds', soon ? 'warning' : 'ok', values);
	} catch (thrown) {
		const { code, message } = toHubError(thrown);
		if (code === 'CANCELLED') throw thrown;
		findings.fail('loginFailed', { database, user, reason: message });
	}
}
