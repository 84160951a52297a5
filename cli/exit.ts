/** How a command ends, for scripts: a number says what to do, in `docs/restore.md` and in the help. */

import { HubError, type HubErrorCode } from '../lib/errors.ts';
import type { Text } from './terminal.ts';

export const EXIT = {
	done: 0,
	unexpected: 1,
	usage: 2,
	unavailable: 3,
	untrusted: 4,
	key: 5,
	different: 6,
	decision: 7,
	/** As a shell says it of a program that Ctrl-C ended. */
	interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One line each, for the help. */
export const EXIT_WORDS: Record<ExitCode, Text> = {
	0: { en: 'done', es: 'hecho' },
	1: { en: 'something unexpected', es: 'algo inesperado' },
	2: { en: 'an option or a variable is missing or wrong', es: 'falta una opción o variable, o es incorrecta' },
	3: {
		en: 'a server or a disk cannot be used now; try again later',
		es: 'no se puede usar un servidor o un disco ahora; inténtelo más tarde',
	},
	4: {
		en: 'the backup is not to be trusted: unsigned, altered or cut',
		es: 'la copia no es de fiar: sin firma, alterada o cortada',
	},
	5: { en: 'a key does not fit', es: 'una clave no corresponde' },
	6: { en: 'nothing found, or what was found differs', es: 'no se encontró nada, o lo encontrado difiere' },
	7: {
		en: 'something waits for a person, or a guard stopped it',
		es: 'algo espera a una persona, o una salvaguarda lo paró',
	},
	130: { en: 'interrupted', es: 'interrumpido' },
};

const BY_CODE: Partial<Record<HubErrorCode, ExitCode>> = {
	CONFIG_INVALID: EXIT.usage,
	CANCELLED: EXIT.interrupted,
	INTERNAL: EXIT.unexpected,
	BACKUP_UNTRUSTED: EXIT.untrusted,
	BACKUP_ALTERED: EXIT.untrusted,
	BACKUP_SPOILED: EXIT.untrusted,
	BACKUP_REFUSED: EXIT.untrusted,
	KEY_INVALID: EXIT.key,
	KEY_DEMO: EXIT.key,
	KEY_UNPROVEN: EXIT.key,
	STORE_KEY: EXIT.key,
	DUMP_UNSAFE: EXIT.untrusted,
	ODOO_CREDENTIALS: EXIT.usage,
	ODOO_DATABASE_EXISTS: EXIT.usage,
	RESTORE_UNCONFIRMED: EXIT.usage,
	DRIVE_CONSENT: EXIT.usage,
	DRIVE_CREDENTIALS: EXIT.usage,
	ODOO_DATABASE_UNKNOWN: EXIT.different,
	BACKUP_NOTHING: EXIT.different,
	NOT_FOUND: EXIT.different,
	PLAN_STALE: EXIT.different,
	IDENTITY_STOPPED: EXIT.decision,
	IDENTITY_GAIN: EXIT.decision,
	FORBIDDEN: EXIT.decision,
	DRIVE_NOT_FOUND: EXIT.different,
	DRILL_FAILED: EXIT.different,
};

/** Of a failure that names no other: whatever concerns a server, a disk or a right is worth another try. */
export function exitCodeOf(thrown: HubError): ExitCode {
	return BY_CODE[thrown.code] ?? EXIT.unavailable;
}

/** Some of what was asked for failed, and some did not. */
export class PartialFailure extends HubError {
	/** What was done and what was not, beside code and message, for a program that reads `--json`. */
	readonly report: Readonly<Record<string, unknown>>;

	constructor(failure: HubError, report: Readonly<Record<string, unknown>>) {
		super(failure.code, failure.message, { cause: failure });
		this.report = report;
	}
}
