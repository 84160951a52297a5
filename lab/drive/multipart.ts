/** Small files in one request: metadata and content as two parts (RFC 2387). Peers send them so; the hub does not. */
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Refusal } from './refusal.ts';

/** Google takes 5 MiB so; peers send a little more. In bytes. */
const LIMIT = 16 * 1024 * 1024;

/** @throws Refusal 400, 413 */
export async function readMultipart(
	request: IncomingMessage,
): Promise<{ metadata: Record<string, unknown>; content: Buffer; type: string | undefined }> {
	const boundary = /boundary="?([^";]+)"?/.exec(request.headers['content-type'] ?? '')?.[1];
	if (boundary === undefined) throw new Refusal(400, 'badContent', 'No boundary in the content type.');
	if (Number(request.headers['content-length'] ?? 0) > LIMIT) throw new Refusal(413, 'uploadTooLarge', 'Too large');
	const [first, second] = partsOf(await buffer(request), boundary);
	if (!first || !second) throw new Refusal(400, 'badContent', 'The body must have two parts.');
	const type = /^content-type:\s*(.+?)\s*$/im.exec(second.headers)?.[1];
	return {
		metadata: JSON.parse(first.content.toString('utf8')) as Record<string, unknown>,
		content: second.content,
		type,
	};
}

function partsOf(body: Buffer, boundary: string): { headers: string; content: Buffer }[] {
	const parts: { headers: string; content: Buffer }[] = [];
	const line = `--${boundary}`;
	for (let at = body.indexOf(line); at >= 0; ) {
		const next = body.indexOf(`\r\n${line}`, at);
		if (next < 0) break;
		const end = body.indexOf('\r\n\r\n', at);
		const headers = body.subarray(at + line.length, end).toString('latin1');
		parts.push({ headers, content: body.subarray(end + 4, next) });
		at = next + 2;
	}
	return parts;
}
