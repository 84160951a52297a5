/** The properties of a `drive-retention` node and the rules that they are. */

import { calendar } from '../../lib/backup/calendar.ts';
import { DEFAULT_RETENTION, type RetentionRules } from '../../lib/backup/retention.ts';
import { HubError } from '../../lib/errors.ts';
import { verifyingKeys } from '../runtime/backup-keys.ts';
import {
	choice,
	custom,
	FieldProblem,
	flag,
	integer,
	optionalText,
	reference,
	type ValuesOf,
} from '../runtime/fields.ts';

/** Of each kind; more are a typing error. */
const MOST = 3_650;

/** Empty: the one of the machine. */
function readTimeZone(raw: unknown): string {
	const zone = optionalText().read(raw) ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
	try {
		calendar(zone);
	} catch (thrown) {
		if (thrown instanceof HubError) throw new FieldProblem('timeZone');
		throw thrown;
	}
	return zone;
}

const fields = {
	drive: reference(),
	verifying: verifyingKeys(),
	daily: integer({ min: 0, max: MOST, default: DEFAULT_RETENTION.daily }),
	weekly: integer({ min: 0, max: MOST, default: DEFAULT_RETENTION.weekly }),
	monthly: integer({ min: 0, max: MOST, default: DEFAULT_RETENTION.monthly }),
	floor: integer({ min: 1, max: MOST, default: DEFAULT_RETENTION.floor }),
	timeZone: custom(readTimeZone),
	/** `delete`: past the trash, for good. */
	removal: choice('trash', 'delete'),
	/** Nothing is removed, whatever a message asks for. */
	dry: flag(false),
};

export type RetentionConfig = ValuesOf<typeof fields>;

export const retentionNode = { type: 'drive-retention', fields } as const;

export function rulesOf({ daily, weekly, monthly, floor, timeZone }: RetentionConfig): RetentionRules {
	return { daily, weekly, monthly, floor, timeZone };
}
