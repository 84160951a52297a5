/** Small form bodies, for the two paths that read one themselves. */

import type { IncomingMessage } from 'node:http';

/** Null for another type, or for more than `maxBytes`. */
export async function formOf(request: IncomingMessage, maxBytes: number): Promise<URLSearchParams | null> {
	if (!/^application\/x-www-form-urlencoded\b/i.test(request.headers['content-type'] ?? '')) return null;
	const chunks: Buffer[] = [];
	let size = 0;
	for await (const chunk of request as AsyncIterable<Buffer>) {
		size += chunk.length;
		if (size > maxBytes) return null;
		chunks.push(chunk);
	}
	return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
