/** The browser gives up after this time; the routes themselves end after 60 s. In milliseconds. */
const REQUEST_TIMEOUT_MS = 65_000;

export interface RequestFailure {
	/** HTTP status; 0 where the server could not be reached. */
	status: number;
	code?: string;
	message?: string;
}

/** Asks a route of the hub, with the editor's sign-in. Rejects with a `RequestFailure`. */
export function request<T>(method: 'GET' | 'POST', path: string, body?: Record<string, unknown>): Promise<T> {
	return new Promise((resolve, reject) => {
		$.ajax({
			// Relative: only then does the editor add its root and its token.
			url: `clinic-hub/${path}`,
			method,
			...(body ? { contentType: 'application/json', data: JSON.stringify(body) } : {}),
			dataType: 'json',
			timeout: REQUEST_TIMEOUT_MS,
			success: (answer) => resolve(answer as T),
			error: ({ status, responseJSON }) => reject({ status, ...responseJSON } satisfies RequestFailure),
		});
	});
}
