/** Public keys of backups: those by which nodes believe records, and those to which backups are encrypted. */

import { keyIdOf } from '../../lib/backup/signature.ts';
import { HubError } from '../../lib/errors.ts';
import { custom, type Field, FieldProblem, optionalText, secret } from './fields.ts';

/** Public keys separated by blanks or lines, as `clinic-hub keys create` writes them; at least one. */
export function verifyingKeys(): Field<string[]> {
	return custom((raw) => {
		const keys = (optionalText().read(raw) ?? '').split(/[\s,;]+/).filter((word) => word !== '');
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

/** Its check sum is looked at when a node starts; the package for that is loaded only then. */
const RECIPIENT = /^age1[0-9a-z]{58}$/;

/** Public recovery keys separated by blanks, commas or lines; may be none. */
export function recoveryKeys(): Field<string[]> {
	return custom((raw) => {
		const keys = (secret().read(raw) ?? '').split(/[\s,;]+/).filter((word) => word !== '');
		if (keys.every((key) => RECIPIENT.test(key))) return keys;
		throw new FieldProblem('key');
	});
}
