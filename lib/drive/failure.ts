/** What Google's refusals mean, and what helps against each. */
import { HubError, type HubErrorCode } from '../errors.ts';

/**
 * `again`: the same call after a pause. `refresh`: with a fresh token. `gone`: what the address names does not exist; for a
 * resumable session that means a new one. `never`: a person must do something.
 */
export type Remedy = 'again' | 'refresh' | 'gone' | 'never';

/** A refusal or a broken connection, as a call to Google met it. */
export class DriveFailure extends HubError {
	readonly remedy: Remedy;
	/** Google's `Retry-After`, in ms. */
	readonly retryAfterMs: number | undefined;

	constructor(code: HubErrorCode, message: string, remedy: Remedy, retryAfterMs?: number) {
		super(code, message);
		this.remedy = remedy;
		this.retryAfterMs = retryAfterMs;
	}
}

export interface GoogleAnswer {
	status: number;
	/** Parsed, where it is JSON. */
	body: unknown;
	retryAfter?: string | null | undefined;
}

interface Meaning {
	code: HubErrorCode;
	remedy: Remedy;
	text: string;
}

const BUSY: Meaning = {
	code: 'DRIVE_BUSY',
	remedy: 'again',
	text: 'Google Drive asks for fewer calls, or the 750 GB that a user may upload in a day are used up. Try again later.',
};
const FULL: Meaning = {
	code: 'DRIVE_FULL',
	remedy: 'never',
	text: 'Google Drive has no space left. Free some (what lies in the trash counts) or buy more.',
};
const ROLE: Meaning = {
	code: 'DRIVE_FORBIDDEN',
	remedy: 'never',
	text: 'The account may not do this in the folder. Ask a manager of the shared drive to give it the role it needs.',
};

/** By Google's `reason`: https://developers.google.com/workspace/drive/api/guides/handle-errors */
const REASONS: Record<string, Meaning> = {
	rateLimitExceeded: BUSY,
	userRateLimitExceeded: BUSY,
	dailyLimitExceeded: BUSY,
	sharingRateLimitExceeded: BUSY,
	storageQuotaExceeded: FULL,
	quotaExceeded: FULL,
	teamDriveFileLimitExceeded: { ...FULL, text: 'The shared drive holds as many files as Google allows. Remove some.' },
	numChildrenInNonRootLimitExceeded: {
		...FULL,
		text: 'The folder holds as many files as Google allows. Use another one.',
	},
	insufficientFilePermissions: ROLE,
	forbidden: ROLE,
	teamDriveMembershipRequired: {
		...ROLE,
		text: 'The account is no member of the shared drive. Add it there, as contributor.',
	},
	insufficientPermissions: {
		...ROLE,
		text: 'The consent does not cover this. Connect Google Drive again and leave every box ticked.',
	},
	accessNotConfigured: {
		...ROLE,
		text: 'The Google Drive API is off in this project. Switch it on in Google’s console (APIs & Services, Library).',
	},
	domainPolicy: { ...ROLE, text: 'The policy of the Google domain forbids it. Ask its administrator.' },
	authError: {
		code: 'DRIVE_CONSENT',
		remedy: 'refresh',
		text: 'Google does not accept the access token. Connect Google Drive again, or make a new key for the service account.',
	},
};

/** The endpoint for tokens names its errors otherwise (RFC 6749, 5.2). */
const TOKEN_ERRORS: Record<string, Meaning> = {
	invalid_grant: {
		code: 'DRIVE_CONSENT',
		remedy: 'never',
		text: 'The consent for Google Drive was withdrawn or has expired. Open the Google Drive connection and click “Connect”.',
	},
	invalid_client: {
		code: 'DRIVE_CREDENTIALS',
		remedy: 'never',
		text: 'Google refuses the OAuth client. Compare client id and secret with Google’s console (APIs & Services, Credentials).',
	},
	redirect_uri_mismatch: {
		code: 'DRIVE_CREDENTIALS',
		remedy: 'never',
		text: 'The redirect address is not registered with the OAuth client. Add it in Google’s console.',
	},
};

/** By what Google says about a service account's assertion. */
const ASSERTIONS: [RegExp, string][] = [
	[
		/signature|account not found|invalid_client/i,
		'Google refuses the key of the service account. Make a new one in its console.',
	],
	[/reasonable timeframe/i, 'Google refuses the time of this machine. Set its clock.'],
];

/** The error for an answer that is neither 2xx nor 308. */
export function failureOf({ status, body, retryAfter }: GoogleAnswer): DriveFailure {
	const { reason, message } = reasonOf(body);
	const pause = pauseOf(retryAfter);
	const fail = ({ code, text, remedy }: Meaning) => new DriveFailure(code, text, remedy, pause);
	const assertion = ASSERTIONS.find(([pattern]) => reason === 'invalid_grant' && pattern.test(message));
	if (assertion) return fail({ code: 'DRIVE_CREDENTIALS', remedy: 'never', text: assertion[1] });
	const known = TOKEN_ERRORS[reason] ?? REASONS[reason];
	if (status === 401 && !TOKEN_ERRORS[reason]) return fail(REASONS['authError'] as Meaning);
	if (status >= 500 || status === 408) {
		const text = `Google Drive fails by itself (HTTP ${status}). Try again later; if it lasts, see Google’s status page.`;
		return fail({ code: 'DRIVE_UNREACHABLE', remedy: 'again', text });
	}
	if (known) return fail(known);
	if (status === 429) return fail(BUSY);
	if (status === 404 || status === 410) {
		const text = 'The folder or the file does not exist in Google Drive, or this account does not see it.';
		const remedy = 'Look for it in the browser, and give the account access to the folder.';
		return fail({ code: 'DRIVE_NOT_FOUND', remedy: 'gone', text: `${text} ${remedy}` });
	}
	if (status === 403) return fail(ROLE);
	return fail({
		code: 'DRIVE_REFUSED',
		remedy: 'never',
		text: `Google Drive refuses the call (HTTP ${status}, ${reason}). Test the connection; if it is fine, report these words.`,
	});
}

/** The error for a call without an answer. */
export function brokenConnection(thrown: unknown, host: string): DriveFailure {
	const code = codeOf(thrown);
	const text = `${host} cannot be reached (${code}). Check the network, the proxy and the certificate authority.`;
	return new DriveFailure('DRIVE_UNREACHABLE', text, 'again');
}

function codeOf(thrown: unknown): string {
	for (let at = thrown; at instanceof Error; at = at.cause) {
		const { code } = at as { code?: unknown };
		if (typeof code === 'string') return code;
	}
	return thrown instanceof Error ? thrown.name : 'no code';
}

/** `error.errors[0].reason` of the API, `error` of the endpoint for tokens. */
function reasonOf(body: unknown): { reason: string; message: string } {
	const { error, error_description } = (body ?? {}) as { error?: unknown; error_description?: unknown };
	if (typeof error === 'string') return { reason: error, message: String(error_description ?? '') };
	const { errors, message } = (error ?? {}) as { errors?: { reason?: string }[]; message?: string };
	return { reason: errors?.[0]?.reason ?? 'no reason', message: message ?? '' };
}

/** In ms. Seconds or a date (RFC 9110, 10.2.3); a date that is past asks for no pause. */
function pauseOf(retryAfter: string | null | undefined): number | undefined {
	const asked = retryAfter?.trim() ?? '';
	if (/^\d+$/.test(asked)) return Number(asked) * 1_000;
	// Every date of HTTP ends so, and `Date.parse` takes much that is none, as "-1".
	const at = asked.endsWith(' GMT') ? Date.parse(asked) : Number.NaN;
	return Number.isNaN(at) ? undefined : Math.max(0, at - Date.now());
}
