/** "Test connection": what the reader may do, what lacks and the step in Keycloak for each, and what it may do needlessly. */
import { HubError, type HubErrorCode, toHubError } from '../errors.ts';
import { isPrivateUrl } from '../http.ts';
import { CHECK_WORDS, type CheckKey, PURPOSES } from './check-words.ts';
import { type EventsConfig, eventsConfig } from './events.ts';
import { type ReaderOptions, RealmReader } from './reader.ts';
import type { AccessToken } from './token.ts';
import { countUsers } from './users.ts';

export interface Finding {
	key: CheckKey;
	level: 'ok' | 'warning' | 'failed';
	/** For a person. */
	text: { en: string; es: string };
}

export interface RealmCheck {
	/** True when nothing failed; warnings may stand. */
	ok: boolean;
	findings: Finding[];
	/** Why nothing could be looked at. */
	error?: { code: HubErrorCode; text: string };
}

type Role = keyof typeof PURPOSES;

/** Clocks may differ by so much before it is told, in ms. */
const SKEW_MS = 10_000;
/** What the three roles bring along, and what every user of a realm has. */
const HARMLESS = ['query-users', 'query-groups', 'offline_access', 'uma_authorization'];

/** Never throws for what Keycloak says; that is the result. @throws HubError CANCELLED */
export async function checkRealm(options: ReaderOptions, signal?: AbortSignal): Promise<RealmCheck> {
	const findings = new Findings({ client: options.clientId, realm: options.realm, issuer: options.issuer });
	try {
		const reader = new RealmReader(options);
		await addresses(reader, options, findings, signal);
		const token = await signIn(reader, findings, signal);
		if (token) {
			if (Math.abs(token.clockSkewMs) > SKEW_MS) {
				findings.warn('clock', { seconds: String(Math.round(Math.abs(token.clockSkewMs) / 1_000)) });
			}
			const missing = await rights(reader, findings, signal);
			needless(token, options.realm, findings);
			if (missing.length === 0 && findings.fine) findings.first('ok', 'events');
		}
		return { ok: findings.fine, findings: findings.list };
	} catch (thrown) {
		const { code, message } = toHubError(thrown);
		if (code === 'CANCELLED') throw thrown;
		return { ok: false, findings: findings.list, error: { code, text: message } };
	}
}

class Findings {
	readonly list: Finding[] = [];
	readonly #values: Record<string, string>;

	constructor(values: Record<string, string>) {
		this.#values = values;
	}

	get fine(): boolean {
		return this.list.every(({ level }) => level !== 'failed');
	}

	ok(key: CheckKey, values: Record<string, string> = {}): void {
		this.#add(key, 'ok', values, values);
	}

	warn(key: CheckKey, values: Record<string, string> = {}): void {
		this.#add(key, 'warning', values, values);
	}

	fail(key: CheckKey, en: Record<string, string> = {}, es = en): void {
		this.#add(key, 'failed', en, es);
	}

	/** Before the warnings. */
	first(level: 'ok', key: CheckKey): void {
		this.#add(key, level, {}, {});
		const added = this.list.pop() as Finding;
		const at = this.list.findLastIndex((finding) => finding.level === 'ok');
		this.list.splice(at + 1, 0, added);
	}

	#add(key: CheckKey, level: Finding['level'], en: Record<string, string>, es: Record<string, string>): void {
		const filled = (text: string, values: Record<string, string>) =>
			text.replace(/\{(\w+)\}/g, (whole, name: string) => ({ ...this.#values, ...values })[name] ?? whole);
		const words = CHECK_WORDS[key];
		this.list.push({ key, level, text: { en: filled(words.en, en), es: filled(words.es, es) } });
	}
}

/** Before any secret is sent. @throws HubError when nothing of Keycloak answers */
async function addresses(
	reader: RealmReader,
	{ issuer, internalUrl, realm }: ReaderOptions,
	findings: Findings,
	signal: AbortSignal | undefined,
): Promise<void> {
	if (![issuer, internalUrl ?? issuer].every(isPrivateUrl)) findings.warn('plainHttp');
	if (realm === 'master') findings.fail('master');
	try {
		const { issuer: found } = await reader.discovery(signal);
		if (found === reader.addresses.issuer) findings.ok('issuer');
		else findings.fail('issuerOther', { found: String(found) });
	} catch (thrown) {
		if (toHubError(thrown).code !== 'KEYCLOAK_REALM') throw thrown;
		findings.fail('realmUnknown');
	}
}

/** Undefined when that failed, or was not tried because something else than the clinic's realm answers. */
async function signIn(
	reader: RealmReader,
	findings: Findings,
	signal: AbortSignal | undefined,
): Promise<AccessToken | undefined> {
	if (!findings.fine) return undefined;
	try {
		const token = await reader.token(signal);
		findings.ok('client');
		return token;
	} catch (thrown) {
		if (!(thrown instanceof HubError && thrown.code === 'KEYCLOAK_CREDENTIALS')) throw thrown;
		findings.fail('clientRefused', { reason: thrown.message });
		return undefined;
	}
}

async function rights(reader: RealmReader, findings: Findings, signal: AbortSignal | undefined): Promise<Role[]> {
	const missing: Role[] = [];
	const allowed = async <T>(role: Role, ask: () => Promise<T>): Promise<T | undefined> => {
		try {
			return await ask();
		} catch (thrown) {
			if (!(thrown instanceof HubError && thrown.code === 'KEYCLOAK_FORBIDDEN')) throw thrown;
			missing.push(role);
			const { en, es } = PURPOSES[role];
			findings.fail('roleMissing', { role, purpose: en }, { role, purpose: es });
			return undefined;
		}
	};
	const count = await allowed('view-users', async () => {
		await reader.get('/users', { first: 0, max: 1, briefRepresentation: true }, signal);
		return countUsers(reader, signal);
	});
	if (count) findings.ok('users', { count: String(count) });
	else if (count === 0) findings.fail('usersNone');
	const config = await allowed('view-events', () => eventsConfig(reader, signal));
	const realm = await allowed('view-realm', async () => {
		await reader.get('/roles', { first: 0, max: 1 }, signal);
		return (await reader.get('', {}, signal)) as Record<string, unknown>;
	});
	if (config) storage(config, realm, findings);
	if (realm?.['bruteForceProtected'] === false) findings.warn('bruteForceOff');
	if (realm?.['permanentLockout'] === true) findings.warn('permanentLockout');
	return missing;
}

function storage(config: EventsConfig, realm: Record<string, unknown> | undefined, findings: Findings): void {
	const { adminEvents, details, userEvents, userExpiration, missingTypes } = config;
	const attributes = realm?.['attributes'] as Record<string, unknown> | undefined;
	if (!adminEvents) findings.fail('adminEventsOff');
	else if (!details) findings.warn('detailsOff');
	if (adminEvents && realm && !(Number(attributes?.['adminEventsExpiration']) > 0)) findings.warn('adminEventsForever');
	if (!userEvents) findings.warn('userEventsOff');
	else if (!(userExpiration > 0)) findings.warn('userEventsForever');
	if (userEvents && missingTypes.length > 0) findings.warn('typesMissing', { types: missingTypes.join(', ') });
}

function needless({ managementRoles = [], realmRoles }: AccessToken, realm: string, findings: Findings): void {
	const needed: string[] = [...Object.keys(PURPOSES), ...HARMLESS, `default-roles-${realm}`];
	const beyond = [...managementRoles, ...realmRoles].filter((role) => !needed.includes(role));
	if (beyond.length > 0) findings.warn('needless', { roles: beyond.sort().join(', ') });
}
