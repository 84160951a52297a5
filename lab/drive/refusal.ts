/** How Google's services say no. */

/** Ends the handling of a call; the server writes it as Google's JSON of errors. */
export class Refusal extends Error {
	readonly status: number;
	readonly reason: string;
	/** In seconds. */
	readonly retryAfter: number | string | undefined;

	constructor(status: number, reason: string, message: string, retryAfter?: number | string) {
		super(message);
		this.status = status;
		this.reason = reason;
		this.retryAfter = retryAfter;
	}

	/** The body of Drive's answer. */
	toJSON(): unknown {
		const { status: code, reason, message } = this;
		return { error: { code, message, errors: [{ message, domain: DOMAINS[reason] ?? 'global', reason }] } };
	}
}

const DOMAINS: Record<string, string> = {
	rateLimitExceeded: 'usageLimits',
	userRateLimitExceeded: 'usageLimits',
	dailyLimitExceeded: 'usageLimits',
	accessNotConfigured: 'usageLimits',
};

/** What the endpoint for tokens answers (RFC 6749, 5.2). */
export class TokenRefusal extends Error {
	readonly status: number;
	readonly error: string;

	constructor(error: string, description: string, status = 400) {
		super(description);
		this.error = error;
		this.status = status;
	}

	toJSON(): unknown {
		return { error: this.error, error_description: this.message };
	}
}

export function notFound(id: string): Refusal {
	return new Refusal(404, 'notFound', `File not found: ${id}.`);
}

export function invalid(message: string): Refusal {
	return new Refusal(400, 'invalid', message);
}

/** Drive's words for a right that the caller's role does not hold. */
export function insufficientRights(): Refusal {
	return new Refusal(
		403,
		'insufficientFilePermissions',
		'The user does not have sufficient permissions for this file.',
	);
}
