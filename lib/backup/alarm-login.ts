/** Whether Odoo still takes the hub's login, asked once a day: keys end in days, and each question is a sign-in. */

import { HubError, toHubError } from '../errors.ts';
import { apiKeysOf } from '../odoo/api-key.ts';
import { OdooRpc } from '../odoo/rpc.ts';
import type { LoginState } from './alarm.ts';

export interface OdooLogin {
	url: string;
	user: string;
	apiKey: string;
}

const DAY_MS = 86_400_000;
/** For one call, in ms; Odoo answers them at once. */
const CALL_MS = 15_000;

export class LoginWatch {
	readonly #login: OdooLogin;
	readonly #known = new Map<string, { state: LoginState; askedAt: number }>();

	constructor(login: OdooLogin) {
		this.#login = login;
	}

	/**
	 * What is known of each database. An Odoo that cannot be reached says nothing about its keys: it is asked again next
	 * time. One database that cannot be opened hides nothing of the others. @throws HubError CANCELLED
	 */
	async states(databases: readonly string[], signal: AbortSignal): Promise<LoginState[]> {
		for (const database of databases) {
			const known = this.#known.get(database);
			if (known && Math.abs(Date.now() - known.askedAt) < DAY_MS) continue;
			const answer = await this.#ask(database, signal);
			if (answer === 'unreachable') break;
			if (answer !== 'unknown') this.#known.set(database, { state: answer, askedAt: Date.now() });
		}
		return databases.flatMap((database) => this.#known.get(database)?.state ?? []);
	}

	async #ask(database: string, signal: AbortSignal): Promise<LoginState | 'unknown' | 'unreachable'> {
		const { url, user, apiKey } = this.#login;
		const odoo = new OdooRpc({ url, database, user, password: apiKey }, { timeoutMs: CALL_MS, signal });
		try {
			await odoo.signIn();
			return { database, user, accepted: true, firstEnd: (await apiKeysOf(odoo)).firstEnd };
		} catch (thrown) {
			if (signal.aborted) throw new HubError('CANCELLED', 'Cancelled.', { cause: thrown });
			const { code } = toHubError(thrown);
			if (code === 'ODOO_CREDENTIALS') return { database, user, accepted: false };
			return code === 'ODOO_UNREACHABLE' ? 'unreachable' : 'unknown';
		}
	}
}
