/**
 * The keys of backups. The recovery key opens everything and lies offline; the drill key lets the hub restore for a test;
 * the signing key says that a record is the hub's own. Lists are newest first: what was encrypted or signed before a change
 * of keys stays readable.
 */

import { HubError } from '../errors.ts';
import { checkRecipient, createAgeKey, recipientOf } from './age-keys.ts';
import { createSigningKey, keyIdOf, publicKeyOf } from './signature.ts';

/** What the hub holds; without the recovery key itself. */
export interface HubKeys {
	/** Public recovery keys that new backups are encrypted to, `age1…`; the first one is the clinic's current one. */
	recovery: string[];
	/** Secret drill keys, `AGE-SECRET-KEY-1…`; new backups are encrypted to the first. May be empty: then there are no drills. */
	drill: string[];
	/** Secret, `clinic-hub-sign-…`. */
	signing: string;
	/** Public, `clinic-hub-verify-…`; the first belongs to `signing`. */
	verifying: string[];
}

/** Keys that were just made, with the one secret that must leave the machine. */
export interface NewKeys {
	keys: HubKeys;
	/** Secret: for the recovery kit only. */
	recoveryIdentity: string;
}

/**
 * A published recovery key for laboratories: whoever reads this opens what is encrypted to it. It is fixed, so that it can
 * be recognised and refused wherever data is real.
 */
export const DEMO_RECOVERY = {
	identity: 'AGE-SECRET-KEY-13M5JQT0EAT04RTVN4CFVSU8AXUDM0A64ZG3ZM9JL4LR9GRF9MNVS6L68DV',
	recipient: 'age1w2fdheyc2afmupz9znf3m9pc2vchjdm6pw3w022kp868ngln9azq7tnm3v',
};

/** Variables that carry the keys to hub and command. */
export const KEY_VARIABLES = {
	recovery: 'HUB_BACKUP_RECOVERY_KEYS',
	drill: 'HUB_BACKUP_DRILL_KEYS',
	signing: 'HUB_BACKUP_SIGNING_KEY',
	verifying: 'HUB_BACKUP_VERIFYING_KEYS',
} as const;

/** More lines than that are no history of keys but a mistake. */
const MAX_KEYS = 20;

/** @param demo with the published recovery key, for a laboratory */
export async function createKeys({ demo = false }: { demo?: boolean } = {}): Promise<NewKeys> {
	const recovery = demo ? DEMO_RECOVERY : await createAgeKey();
	const drill = await createAgeKey();
	const { privateKey, publicKey } = createSigningKey();
	return {
		keys: {
			recovery: [recovery.recipient],
			drill: [drill.identity],
			signing: privateKey,
			verifying: [publicKey],
		},
		recoveryIdentity: recovery.identity,
	};
}

/**
 * New keys of all three kinds. Backups made from now on are encrypted to the new recovery key only, for the old one may
 * have been seen; old drill and verifying keys are kept, so that old backups are still tested and believed.
 */
export async function rotateKeys(old: HubKeys): Promise<NewKeys> {
	const { keys, recoveryIdentity } = await createKeys();
	return {
		recoveryIdentity,
		keys: {
			...keys,
			drill: [...keys.drill, ...old.drill].slice(0, MAX_KEYS),
			verifying: [...keys.verifying, ...old.verifying].slice(0, MAX_KEYS),
		},
	};
}

/** Several keys in one text, separated by commas, blanks or lines. */
export function splitKeys(text: string | undefined): string[] {
	return (text ?? '').split(/[\s,]+/).filter(Boolean);
}

/**
 * Reads the keys from variables.
 * @throws HubError `CONFIG_INVALID` naming the variable that is missing, `KEY_INVALID` for what is no key
 */
export async function readKeys(environment: Readonly<Record<string, string | undefined>>): Promise<HubKeys> {
	const list = (name: string) => splitKeys(environment[name]);
	const [recovery, drill, verifying] = [
		list(KEY_VARIABLES.recovery),
		list(KEY_VARIABLES.drill),
		list(KEY_VARIABLES.verifying),
	];
	const signing = (environment[KEY_VARIABLES.signing] ?? '').trim();
	const missing = [
		...(recovery.length > 0 ? [] : [KEY_VARIABLES.recovery]),
		...(signing ? [] : [KEY_VARIABLES.signing]),
	];
	if (missing.length > 0) {
		throw new HubError(
			'CONFIG_INVALID',
			`Keys of backups are missing: set ${missing.join(' and ')}; "clinic-hub keys create" makes them.`,
		);
	}
	const keys = { recovery, drill, signing, verifying: [publicKeyOf(signing), ...verifying] };
	return checkKeys({ ...keys, verifying: [...new Set(keys.verifying)] });
}

/**
 * @returns the same keys, each in its plain form
 * @throws HubError `KEY_INVALID`
 */
export async function checkKeys(keys: HubKeys): Promise<HubKeys> {
	for (const identity of keys.drill) await recipientOf(identity);
	for (const key of keys.verifying) keyIdOf(key);
	const recovery = keys.recovery.map(checkRecipient);
	const drill = keys.drill.map((identity) => identity.trim());
	for (const identity of drill) {
		// The hub would hold the key that must lie offline; who takes over the hub then reads every backup of before.
		if (recovery.includes(await recipientOf(identity))) {
			throw new HubError(
				'KEY_INVALID',
				'The drill key is the recovery key itself. Make a key of its own for drills, and take the recovery key off the hub.',
			);
		}
	}
	return { ...keys, recovery, drill };
}

/** Whom a new backup is encrypted to: every recovery key, and the newest drill key. */
export async function recipientsOf(keys: Pick<HubKeys, 'recovery' | 'drill'>): Promise<string[]> {
	const [drill] = keys.drill;
	return [...keys.recovery, ...(drill === undefined ? [] : [await recipientOf(drill)])];
}

/**
 * @param allowed true in a laboratory (`HUB_DEMO_KEYS`)
 * @throws HubError `KEY_DEMO`
 */
export function refuseDemo({ recovery }: Pick<HubKeys, 'recovery'>, allowed: boolean): void {
	if (allowed || !recovery.includes(DEMO_RECOVERY.recipient)) return;
	throw new HubError(
		'KEY_DEMO',
		'The recovery key is the published one for demonstrations: anybody can open what is encrypted to it. Make keys of your own with "clinic-hub keys create".',
	);
}

/**
 * The variables as lines of a file that a shell, Docker and systemd read alike: without blanks and quotes.
 */
export function keyLines(keys: HubKeys): string {
	const lines: [string, string][] = [
		[KEY_VARIABLES.recovery, keys.recovery.join(',')],
		[KEY_VARIABLES.drill, keys.drill.join(',')],
		[KEY_VARIABLES.signing, keys.signing],
		[KEY_VARIABLES.verifying, keys.verifying.join(',')],
	];
	return lines.map(([name, value]) => `${name}=${value}\n`).join('');
}

/** A recovery key as somebody typed it from paper: blanks between groups, line ends, small letters. */
export function typedIdentity(text: string): string {
	const lines = text.split(/\r?\n/).filter((line) => !line.trimStart().startsWith('#'));
	return lines.join('').replaceAll(/\s/g, '').toUpperCase();
}
