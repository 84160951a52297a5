/** Keys by which nodes believe the records of backups. */

import { keyIdOf } from '../../lib/backup/signature.ts';
import { HubError } from '../../lib/errors.ts';
import { custom, type Field, FieldProblem, optionalText } from './fields.ts';

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
