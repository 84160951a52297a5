/** Headers of every answer: what a page of the hub may load, and that nobody may frame it. */

import type { ServerResponse } from 'node:http';

export interface HeaderOptions {
	/** Public address of the hub. */
	origin: string;
	/** Sources added to a directive, as `img-src https://logo.example; connect-src …`. */
	additions: string;
}

/** A browser keeps to TLS for so long, in seconds: half a year. */
const HSTS_S = 15_768_000;

/**
 * The editor writes scripts into its page, evaluates expressions, starts workers from blobs and shows pictures as data.
 */
const EDITOR: Record<string, string> = {
	'default-src': "'self'",
	'script-src': "'self' 'unsafe-inline' 'unsafe-eval'",
	'style-src': "'self' 'unsafe-inline'",
	'img-src': "'self' data: blob:",
	'font-src': "'self' data:",
	'worker-src': "'self' blob:",
	'connect-src': "'self'",
	'object-src': "'none'",
	'base-uri': "'self'",
	'form-action': "'self'",
	'frame-ancestors': "'self'",
};

export function securityHeaders({ origin, additions }: HeaderOptions): (response: ServerResponse) => void {
	const policy = policyWith(additions);
	const secure = origin.startsWith('https:');
	return (response) => {
		response.setHeader('content-security-policy', policy);
		response.setHeader('x-content-type-options', 'nosniff');
		response.setHeader('x-frame-options', 'SAMEORIGIN');
		response.setHeader('referrer-policy', 'same-origin');
		if (secure) response.setHeader('strict-transport-security', `max-age=${HSTS_S}`);
	};
}

function policyWith(additions: string): string {
	const policy = { ...EDITOR };
	for (const part of additions.split(';')) {
		const [name, ...sources] = part.trim().split(/\s+/);
		if (!name || sources.length === 0) continue;
		const before = policy[name];
		policy[name] = before === undefined || before === "'none'" ? sources.join(' ') : `${before} ${sources.join(' ')}`;
	}
	return Object.entries(policy)
		.map(([name, sources]) => `${name} ${sources}`)
		.join('; ');
}
