/** What an open page of Odoo does: it signs in with a password, keeps the cookie, and calls by it. */

const TIMEOUT_MS = 60_000;

interface Answer {
	result?: unknown;
	error?: { code: number; data: { name: string; message: string } };
}

export class OdooBrowser {
	readonly #url: string;
	readonly uid: number;
	readonly #cookie: string;

	private constructor(url: string, uid: number, cookie: string) {
		this.#url = url;
		this.uid = uid;
		this.#cookie = cookie;
	}

	/** @throws Error 'no session' when Odoo refuses */
	static async signIn(url: string, db: string, login: string, password: string): Promise<OdooBrowser> {
		const { answer, json } = await post(`${url}/web/session/authenticate`, { db, login, password });
		const cookies = answer.headers.getSetCookie();
		const cookie = cookies.find((text) => text.startsWith('session_id='))?.split(';')[0];
		const uid = (json.result as { uid?: number | null } | undefined)?.uid;
		if (!cookie || !uid) throw new Error('no session');
		return new OdooBrowser(url, uid, cookie);
	}

	/** Whether the session still is one. */
	async isOpen(): Promise<boolean> {
		const { json } = await post(`${this.#url}/web/session/get_session_info`, {}, this.#cookie);
		return Boolean((json.result as { uid?: number | null } | undefined)?.uid);
	}

	async call(model: string, method: string, args: readonly unknown[], kwargs: object = {}): Promise<unknown> {
		const url = `${this.#url}/web/dataset/call_kw/${model}/${method}`;
		const { json } = await post(url, { model, method, args, kwargs }, this.#cookie);
		if (json.error) throw new Error(`${json.error.data.name}: ${json.error.data.message}`);
		return json.result;
	}

	/** An API key, as by the user's preferences: Odoo asks for the password once more. */
	async makeKey(password: string): Promise<string> {
		const values = { name: 'hub', duration: '1' };
		const [wizard] = (await this.call('res.users.apikeys.description', 'create', [[values]])) as number[];
		const asked = (await this.call('res.users.apikeys.description', 'make_key', [[wizard]])) as Shown;
		const shown = asked.res_model === 'res.users.identitycheck' ? await this.#identify(asked, password) : asked;
		return String(shown.context?.['default_key']);
	}

	async #identify({ res_id }: Shown, password: string): Promise<Shown> {
		await this.call('res.users.identitycheck', 'write', [[res_id], { password }]);
		return (await this.call('res.users.identitycheck', 'run_check', [[res_id]])) as Shown;
	}
}

/** An action that Odoo wants its page to open. */
interface Shown {
	res_model: string;
	res_id: number;
	context?: Record<string, unknown>;
}

async function post(url: string, params: object, cookie = ''): Promise<{ answer: Response; json: Answer }> {
	const answer = await fetch(url, {
		method: 'POST',
		headers: { 'content-type': 'application/json', cookie },
		body: JSON.stringify({ jsonrpc: '2.0', method: 'call', id: 1, params }),
		signal: AbortSignal.timeout(TIMEOUT_MS),
	});
	return { answer, json: (await answer.json()) as Answer };
}
