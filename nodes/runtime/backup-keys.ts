/** Keys of backups as they stand in a node's properties: several, separated by blanks, commas or lines. */

import { keyIdOf } from '../../lib/backup/signature.ts';
import { HubError } from '../../lib/errors.ts';
import { custom, type Field, FieldProblem, optionalText, secret } from './fields.ts';

/** Public keys by which records are believed, as `clinic-hub keys create` writes them; at least one. */
export function verifyingKeys(): Field<string[]> {
	return custom((raw) => {
		const keys = wordsOf(optionalText().read(raw));
		if (keys.length === 0) throw new FieldProblem('missing');
		try {
			for (const key of keys) keyIdOf(key);
		} catch (thrown) {
			if (thrown instanceof HubError) throw new FieldProblem('key');
			throw thrown;
		}
		return keys;
	});
}

/** Public keys to which backups are encrypted; may be none. */
export function recoveryKeys(): Field<string[]> {
	return ageKeys(/^age1[0-9a-z]{58}$/);
}

/** Secret keys of drills; may be none. */
export function drillKeys(): Field<string[]> {
	return ageKeys(/^AGE-SECRET-KEY-1[0-9A-Z]{58}$/);
}

/** Their check sums are looked at when a node starts; the package for that is loaded only then. */
function ageKeys(form: RegExp): Field<string[]> {
	return custom((raw) => {
		const keys = wordsOf(secret().read(raw));
		if (keys.every((key) => form.test(key))) return keys;
		throw new FieldProblem('key');
	});
}

function wordsOf(text = ''): string[] {
	return text.split(/[\s,;]+/).filter((word) => word !== '');
}
