/** The simplest source: whatever an HTTP server gives for an address. */
import { type IncomingMessage, get as plainGet } from 'node:http';
import { get as secureGet } from 'node:https';
import { HubError } from '../errors.ts';
import { isHttpUrl } from '../http.ts';

/** @throws HubError HTTP_UNREACHABLE; CONFIG_INVALID for what is no address */
export async function openDownload(address: string, signal: AbortSignal): Promise<IncomingMessage> {
	if (!isHttpUrl(address)) throw new HubError('CONFIG_INVALID', 'The address must begin with https:// (or http://).');
	const url = new URL(address);
	const get = url.protocol === 'https:' ? secureGet : plainGet;
	const response = await new Promise<IncomingMessage>((resolve, reject) => {
		get(url, { signal, agent: false }, resolve).once('error', (cause: NodeJS.ErrnoException) => {
			const text = `${url.host} cannot be reached (${cause.code ?? 'no code'}).`;
			reject(new HubError('HTTP_UNREACHABLE', text, { cause }));
		});
	});
	if (response.statusCode === 200) return response;
	response.destroy();
	throw new HubError('HTTP_UNREACHABLE', `${url.host} answers ${response.statusCode}.`);
}
