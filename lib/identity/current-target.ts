/** Odoo as it is now: an addon that was installed or removed since is noticed by the next run. */
import type { Account, IdentityTarget, Line, LineResult, TargetDescription } from './model.ts';
import { type OdooCalls, odooTarget } from './odoo-target.ts';

export class CurrentTarget implements IdentityTarget {
	readonly #rpc: OdooCalls;
	readonly #issuer: string;
	#target: IdentityTarget | undefined;

	/** Asks nothing yet. */
	constructor(rpc: OdooCalls, issuer: string) {
		this.#rpc = rpc;
		this.#issuer = issuer;
	}

	/** Every run begins with this question. */
	async describe(signal?: AbortSignal): Promise<TargetDescription> {
		this.#target = await odooTarget(this.#rpc, this.#issuer);
		return this.#target.describe(signal);
	}

	async accounts(
		only?: { uids: readonly string[]; logins: readonly string[] },
		signal?: AbortSignal,
	): Promise<Account[]> {
		return (await this.#current()).accounts(only, signal);
	}

	async apply(lines: readonly Line[], fence: number, signal?: AbortSignal): Promise<LineResult[]> {
		return (await this.#current()).apply(lines, fence, signal);
	}

	async #current(): Promise<IdentityTarget> {
		this.#target ??= await odooTarget(this.#rpc, this.#issuer);
		return this.#target;
	}
}
