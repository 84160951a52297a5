/** Reads both sides for a plan: the whole realm, or those whom events named. */
import { confirmById } from './confirm.ts';
import type { IdentityMemory, Said } from './memory.ts';
import type {
	Account,
	EventSubject,
	IdentitySource,
	IdentityTarget,
	Person,
	SourceEvent,
	TargetDescription,
} from './model.ts';
import type { PlanInput } from './plan.ts';
import { type IdentitySettings, massLimit } from './rules.ts';
import { IdentityStopped } from './stopped.ts';
import { walkRealm } from './walk.ts';

export interface Sides {
	source: IdentitySource;
	target: IdentityTarget;
	memory: IdentityMemory;
	settings: IdentitySettings;
	/** See `confirmById`. */
	apartMs?: number | undefined;
	signal?: AbortSignal | undefined;
	progress?: ((done: number, total: number) => void) | undefined;
}

export interface Gathered {
	input: Omit<PlanInput, 'links'>;
	shrunken: boolean;
	/** Users of the realm; null when they were not counted. */
	counted: number | null;
	/** Roles and groups of scope and table that the realm does not have. */
	unknown: readonly string[];
}

/**
 * Everybody.
 * @param countedBefore users at the last full run
 * @throws HubError IDENTITY_STOPPED where what was read cannot be the whole realm; nothing is to be changed then
 */
export async function gatherAll(
	sides: Sides,
	fresh: readonly SourceEvent[],
	countedBefore: number | null,
): Promise<Gathered> {
	const { source, target, memory, settings, apartMs, signal, progress } = sides;
	const described = await target.describe(signal);
	const realm = await walkRealm(source, settings, described.table ?? settings.table, { signal, progress });
	const accounts = await target.accounts(undefined, signal);
	const people = new Map(realm.people.map((person) => [person.id, person]));
	const linked = linkedOf(accounts, described);
	await refuseImpossible(sides, people, linked);
	const said = await memory.said(fresh);
	const missing = linked.filter(({ uid, active }) => active && !people.has(uid)).map(({ uid }) => uid);
	const disabled = linked
		.filter(({ uid, active, suspended }) => active && !suspended && people.get(uid)?.enabled === false)
		.map(({ uid }) => uid);
	const suspended = linked.filter(({ suspended }) => suspended).map(({ uid }) => uid);
	const confirmed = await confirmById(source, [...missing, ...disabled], { apartMs, signal });
	const disabledConfirmed = new Set(suspended);
	for (const person of confirmed.people) {
		people.set(person.id, person);
		if (!person.enabled) disabledConfirmed.add(person.id);
	}
	for (const id of [...confirmed.unknown, ...confirmed.gone]) people.delete(id);
	const shrunken = hasShrunken(settings, realm.people.length, realm.counted - realm.skipped, countedBefore);
	return {
		input: {
			...{ issuer: source.issuer, settings, target: described, accounts, people: [...people.values()], full: true },
			...{ disabledConfirmed, ...sayings(said, confirmed.gone) },
		},
		shrunken,
		counted: realm.people.length,
		unknown: realm.unknown,
	};
}

/**
 * Those with these ids.
 * @param full whether archives are planned, too
 * @throws HubError as the two sides, IDENTITY_STOPPED
 */
export async function gatherSome(
	sides: Sides,
	ids: readonly string[],
	fresh: readonly SourceEvent[],
	full: boolean,
): Promise<Gathered> {
	const { source, target, memory, settings, apartMs, signal } = sides;
	const said = await memory.said(fresh, ids);
	const byEvent = ids.filter((id) => said.deleted.has(id));
	// An event and one plain no agree with each other; without an event it takes two, apart in time.
	const sure = await confirmById(source, byEvent, { apartMs: 0, signal });
	const others = ids.filter((id) => !said.deleted.has(id));
	const asked = await confirmById(source, others, { apartMs, signal });
	const people = [...sure.people, ...asked.people];
	const gone = [...sure.gone, ...asked.gone];
	if (gone.length > 0) await requireSentinel(sides);
	const described = await target.describe(signal);
	const logins = people.flatMap(({ username, email }) => [username, email ?? '']).filter(Boolean);
	const accounts = await target.accounts({ uids: ids, logins }, signal);
	const disabledConfirmed = new Set(people.filter(({ enabled }) => !enabled).map(({ id }) => id));
	return {
		input: {
			...{ issuer: source.issuer, settings, target: described, accounts, people, full },
			...{ disabledConfirmed, ...sayings(said, gone) },
		},
		shrunken: false,
		counted: null,
		unknown: [],
	};
}

/** Above it the whole realm is read in place of so many single users: three calls each. */
const MAX_SUSPECTS = 300;

/** Ids of whom the events concern, or null when these are so many that everybody is read better. */
export async function expand(
	source: IdentitySource,
	subjects: readonly EventSubject[],
	signal?: AbortSignal,
): Promise<string[] | null> {
	const ids = new Set<string>();
	for (const subject of subjects) {
		if (subject.type === 'user') ids.add(subject.id);
		else for (const id of await source.members(subject, signal)) ids.add(id);
		if (ids.size > MAX_SUSPECTS) return null;
	}
	return [...ids].sort();
}

type Linked = Account & { uid: string };

function linkedOf(accounts: readonly Account[], { provider }: TargetDescription): Linked[] {
	return accounts.filter((account): account is Linked => account.provider === provider && account.uid !== null);
}

function sayings(said: Said, gone: readonly string[]) {
	return {
		gone: new Map(gone.map((id) => [id, { byEvent: said.deleted.has(id) }])),
		lockedOut: said.lockedOut,
		reset: said.reset,
	};
}

async function refuseImpossible(
	sides: Sides,
	people: ReadonlyMap<string, Person>,
	linked: readonly Linked[],
): Promise<void> {
	const { settings } = sides;
	if (settings.guards.shrunken && people.size === 0) {
		throw new IdentityStopped('empty');
	}
	await requireSentinel(sides, people);
	const active = linked.filter(({ active }) => active);
	if (settings.guards.shrunken && active.length > 0 && !active.some(({ uid }) => people.has(uid))) {
		throw new IdentityStopped('otherUsers');
	}
}

async function requireSentinel(
	{ source, settings, signal }: Sides,
	people?: ReadonlyMap<string, Person>,
): Promise<void> {
	const { sentinel } = settings.guards;
	if (!sentinel) return;
	const seen = people ? people.get(sentinel)?.enabled : isEnabled(await source.find(sentinel, signal));
	if (seen !== true) throw new IdentityStopped('sentinel');
}

function isEnabled(found: unknown): boolean {
	return typeof found === 'object' && found !== null && 'enabled' in found && found.enabled === true;
}

/** Much fewer than last time, or fewer seen than Keycloak itself counts. */
function hasShrunken({ guards }: IdentitySettings, seen: number, counted: number, before: number | null): boolean {
	const limit = (of: number) => massLimit(guards.mass || { floor: 5, share: 0.1 }, of);
	if (counted - seen > limit(counted)) return true;
	return before !== null && before - seen > limit(before);
}
