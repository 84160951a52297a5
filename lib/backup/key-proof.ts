/**
 * That somebody holds the recovery key is only known when something was decrypted with it. The hub makes a small test file;
 * inside stands a code, which the person types back. Any program that reads the age format will do.
 */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { HubError } from '../errors.ts';
import { AgeEncryptor } from './age.ts';
import { beginAge } from './age-header.ts';
import type { KeyCheck } from './evidence.ts';

export interface ProofQuestion {
	/** The public recovery key. */
	recipient: string;
	/** The hub's secret signing key: only it knows the codes. */
	signing: string;
	/** Milliseconds since 1970. */
	now: number;
}

/** A code is taken for so many days after its file was made: a kit may lie in a safe that opens on Mondays. */
export const PROOF_DAYS = 14;

/** Days after which somebody should prove the key again. */
export const KEY_CHECK_DAYS = 180;

const DAY_MS = 86_400_000;

/** So far two clocks may differ, in ms. */
const CLOCKS_MS = 3_600_000;

/** Four groups of four out of 32 letters: 80 bits, and no letter that is taken for another. */
const LETTERS = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';
const CODE_LETTERS = 16;

/** @returns the bytes of `recovery-test.age`, encrypted to the recovery key alone */
export async function proofFile(question: ProofQuestion): Promise<Buffer> {
	const code = codeOf(question, Math.floor(question.now / DAY_MS));
	const text =
		`The recovery key works. / La clave de recuperación funciona.\n\nCode / Código: ${grouped(code)}\n\n` +
		`Type it into the hub within ${PROOF_DAYS} days. / Escríbalo en el hub antes de ${PROOF_DAYS} días.\n`;
	const encryptor = new AgeEncryptor(await beginAge([question.recipient]));
	return Buffer.concat([...encryptor.push(Buffer.from(text)), ...encryptor.finish()]);
}

/** Finds the code in what was decrypted. */
export function codeIn(text: string): string | undefined {
	return /Código: ([A-Z0-9]{4}(?:-[A-Z0-9]{4}){3})/.exec(text)?.[1];
}

/**
 * @param typed blanks, hyphens and small letters do not matter
 * @throws HubError `KEY_INVALID` when it is no code of the last days
 */
export function checkProof(typed: string, question: ProofQuestion): void {
	const code = Buffer.from(typed.replaceAll(/[\s-]/g, '').toUpperCase());
	const today = Math.floor(question.now / DAY_MS);
	for (let day = today; day > today - PROOF_DAYS; day -= 1) {
		const expected = Buffer.from(codeOf(question, day));
		if (code.length === expected.length && timingSafeEqual(code, expected)) return;
	}
	throw new HubError(
		'KEY_INVALID',
		`This is no code of a test file of the last ${PROOF_DAYS} days for this recovery key. Make a new test file, decrypt it, and type its code.`,
	);
}

/**
 * Backups begin only when somebody has decrypted something with the recovery key: one that nobody can open is none.
 * @throws HubError `KEY_UNPROVEN`
 */
export function requireProof(check: Pick<KeyCheck, 'checkedAt'> | undefined): void {
	if (check) return;
	throw new HubError(
		'KEY_UNPROVEN',
		'Nobody has decrypted a test file with the recovery key yet. Make one with "clinic-hub keys check" or in the node, decrypt it with the key of the kit, and type its code.',
	);
}

/**
 * Whole days since the last proof, once a reminder is due; else null. Negative for one that is dated after now: it says
 * nothing about its age, and would not grow old.
 * @param now milliseconds since 1970
 */
export function proofDue(
	{ checkedAt }: Pick<KeyCheck, 'checkedAt'>,
	now: number,
	limitDays = KEY_CHECK_DAYS,
): number | null {
	const age = now - checkedAt;
	if (age < -CLOCKS_MS) return Math.floor(age / DAY_MS);
	return age < limitDays * DAY_MS ? null : Math.floor(age / DAY_MS);
}

function codeOf({ recipient, signing }: ProofQuestion, day: number): string {
	const digest = createHmac('sha256', signing).update(`recovery test ${recipient} ${day}`).digest();
	// 256 is a multiple of 32: every letter is as likely as another.
	return [...digest.subarray(0, CODE_LETTERS)].map((byte) => LETTERS[byte % LETTERS.length]).join('');
}

const grouped = (code: string) => (code.match(/.{4}/g) ?? []).join('-');
