/** A browser reduced to what a sign-in needs: cookies a host, redirects followed by hand, Keycloak's form filled in. */

import { WebSocket } from 'ws';

export interface Answer {
	status: number;
	url: string;
	text: string;
	headers: Headers;
}

export class Visitor {
	readonly hub: string;
	readonly #cookies = new Map<string, Map<string, string>>();
	language = 'es';

	/** @param hub address of the hub, without a slash at the end */
	constructor(hub: string) {
		this.hub = hub;
	}

	/** One request, as a page opens it, or as a script of that page makes it. */
	async ask(url: string, init: RequestInit & { navigate?: boolean } = {}): Promise<Answer> {
		const { navigate = false, ...rest } = init;
		const address = new URL(url, this.hub);
		const jar = this.#cookies.get(address.host) ?? new Map<string, string>();
		this.#cookies.set(address.host, jar);
		const response = await fetch(address, {
			redirect: 'manual',
			...rest,
			headers: {
				cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; '),
				'accept-language': this.language,
				...(navigate ? { accept: 'text/html' } : {}),
				...(rest.method && rest.method !== 'GET' ? { origin: address.origin } : {}),
				...(rest.headers as Record<string, string> | undefined),
			},
		});
		for (const line of response.headers.getSetCookie()) {
			const [pair = ''] = line.split(';', 1);
			const at = pair.indexOf('=');
			if (/max-age=0\b/i.test(line)) jar.delete(pair.slice(0, at));
			else jar.set(pair.slice(0, at), pair.slice(at + 1));
		}
		return { status: response.status, url: address.href, text: await response.text(), headers: response.headers };
	}

	/** Opens a page and follows where it leads. */
	async open(url: string, init: RequestInit = {}): Promise<Answer> {
		let answer = await this.ask(url, { ...init, navigate: true });
		for (let hops = 0; answer.status >= 300 && answer.status < 400; hops += 1) {
			if (hops > 10) throw new Error(`Too many redirects, the last to ${answer.headers.get('location')}`);
			answer = await this.ask(new URL(answer.headers.get('location') ?? '/', answer.url).href, { navigate: true });
		}
		return answer;
	}

	/** From any page of the hub through Keycloak's form and back. */
	async signIn(username: string, password: string, from = '/'): Promise<Answer> {
		const form = await this.open(from);
		const action = /<form[^>]*action="([^"]+)"/.exec(form.text)?.[1]?.replaceAll('&amp;', '&');
		if (!action) throw new Error(`No form of Keycloak at ${form.url} (${form.status}): ${form.text.slice(0, 500)}`);
		return this.open(action, {
			method: 'POST',
			body: new URLSearchParams({ username, password, credentialId: '' }),
			headers: { origin: new URL(action).origin },
		});
	}

	cookieHeader(): string {
		return [...(this.#cookies.get(new URL(this.hub).host) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
	}

	/** The editor's websocket; rejects with the status of the refusal. */
	async socket(origin = this.hub): Promise<WebSocket> {
		const socket = new WebSocket(`${this.hub.replace('http', 'ws')}/comms`, {
			origin,
			headers: { cookie: this.cookieHeader() },
		});
		await new Promise<void>((resolve, reject) => {
			socket.once('open', resolve);
			socket.once('error', reject);
		});
		return socket;
	}
}
