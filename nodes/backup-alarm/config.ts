/** The properties of a `backup-alarm` node. */

import { DEFAULT_ALARM } from '../../lib/backup/alarm.ts';
import { isHttpUrl } from '../../lib/http.ts';
import { recoveryKeys, verifyingKeys } from '../runtime/backup-keys.ts';
import {
	custom,
	FieldProblem,
	integer,
	optionalInteger,
	optionalReference,
	reference,
	secret,
	type ValuesOf,
} from '../runtime/fields.ts';

/** As the rules of `drive-retention` leave at most: 7 days, 4 weeks and 3 months. */
const KEPT = 14;

/** Once an hour: well within what a backup may be late. */
const MINUTES = 60;

function readSign(raw: unknown): string | undefined {
	const url = secret().read(raw)?.trim() || undefined;
	if (url !== undefined && !isHttpUrl(url)) throw new FieldProblem('httpUrl');
	return url;
}

const fields = {
	drive: reference(),
	/** Whose databases are looked after, and whose login ends. */
	odoo: optionalReference(),
	verifying: verifyingKeys(),
	/** Empty where backups are not encrypted. */
	recovery: recoveryKeys(),
	/** Between two questions; 0: only when a message asks. */
	minutes: integer({ min: 0, max: 1_440, default: MINUTES }),
	maxAgeHours: integer({ min: 1, max: 8_760, default: DEFAULT_ALARM.maxAgeHours }),
	maxDrillDays: integer({ min: 1, max: 3_650, default: DEFAULT_ALARM.maxDrillDays }),
	keyCheckDays: integer({ min: 1, max: 3_650, default: DEFAULT_ALARM.keyCheckDays }),
	kept: integer({ min: 1, max: 11_000, default: KEPT }),
	/** In 10^9 bytes; empty: as Drive says, and a shared drive says nothing. */
	spaceGb: optionalInteger({ min: 1, max: 1_000_000 }),
};

const secrets = {
	/** Whoever knows the address can keep the watcher silent. */
	backupSign: custom(readSign),
	drillSign: custom(readSign),
};

export type AlarmConfig = ValuesOf<typeof fields>;
export type AlarmSecrets = ValuesOf<typeof secrets>;

export const alarmNode = { type: 'backup-alarm', fields, secrets, address: [] } as const;
