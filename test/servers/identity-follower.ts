/** A synchronisation that runs every two seconds, as the node's does, between a real Keycloak and an Odoo. */
import { setTimeout as delay } from 'node:timers/promises';
import { KeycloakSource } from '../../lib/identity/keycloak-source.ts';
import type { IdentityTarget } from '../../lib/identity/model.ts';
import type { RunReport } from '../../lib/identity/report.ts';
import { identitySettings } from '../../lib/identity/rules.ts';
import { IdentitySync } from '../../lib/identity/sync.ts';
import { type ReaderOptions, RealmReader } from '../../lib/keycloak/reader.ts';
import { openStore } from '../../lib/store/store.ts';
import type { Owner } from '../keycloak.ts';

/** As the node has it by default, in ms. */
const EVERY_MS = 2_000;
/** Between two looks at an effect, in ms. */
const LOOK_MS = 50;

export class Follower {
	readonly sync: IdentitySync;
	readonly reports: RunReport[] = [];
	readonly #stop = new AbortController();
	#running: Promise<void> | undefined;
	#failure: unknown;

	private constructor(sync: IdentitySync) {
		this.sync = sync;
	}

	static async open(
		owner: Owner,
		reader: ReaderOptions,
		target: IdentityTarget,
		settings: Parameters<typeof identitySettings>[0],
	): Promise<Follower> {
		const store = await openStore({ file: ':memory:' });
		const sync = await IdentitySync.open({
			...{ source: new KeycloakSource(new RealmReader(reader)), target, store, pair: 'clinica', owner: 'hub' },
			...{ settings: identitySettings({ language: 'en_US', ...settings }), apartMs: 200 },
		});
		const follower = new Follower(sync);
		owner.after(async () => {
			await follower.stop();
			await store.close();
		});
		return follower;
	}

	start(): void {
		this.#running = this.#run();
	}

	async stop(): Promise<void> {
		this.#stop.abort();
		await this.#running;
	}

	/** From now until the effect is seen, in ms. @throws Error after so long, or what a run threw */
	async until(what: string, seen: () => Promise<boolean>, withinMs: number): Promise<number> {
		const begun = performance.now();
		while (!(await seen())) {
			if (this.#failure) throw this.#failure;
			if (performance.now() - begun > withinMs) throw new Error(`${what}: not after ${withinMs} ms`);
			await delay(LOOK_MS);
		}
		return performance.now() - begun;
	}

	async #run(): Promise<void> {
		const { signal } = this.#stop;
		while (!signal.aborted) {
			try {
				this.reports.push(await this.sync.run('changes'));
			} catch (thrown) {
				this.#failure = thrown;
				return;
			}
			await delay(EVERY_MS, undefined, { signal }).catch(() => {});
		}
	}
}
