/** Health checks and counters of the running hub: every part registers here; the sidebar and the heartbeat read from here. */

export type HealthState = 'ok' | 'degraded' | 'failed';

export interface HealthReport {
	state: HealthState;
	/** For a person: what is wrong and what to do, or in a few words that all is well. */
	text: string;
	/** Numbers worth seeing beside the text. */
	details?: Record<string, number | string | boolean>;
}

export type HealthCheck = () => HealthReport;

/** Label values must come from a small closed set: never an id, an address or a name of a person. */
export type Labels = Record<string, string>;

export interface Counter {
	add(labels?: Labels, by?: number): void;
}

interface CounterState {
	help: string;
	values: Map<string, { labels: Labels; value: number }>;
}

export interface CounterSnapshot {
	name: string;
	help: string;
	values: { labels: Labels; value: number }[];
}

export class Health {
	readonly #checks = new Map<string, HealthCheck>();
	readonly #counters = new Map<string, CounterState>();

	/** Registers a check under a unique name such as `amqp-mail:<node id>`; returns the function that removes it. */
	register(name: string, check: HealthCheck): () => void {
		this.#checks.set(name, check);
		return () => {
			if (this.#checks.get(name) === check) this.#checks.delete(name);
		};
	}

	/** The counter of that name, made at first use. Names follow Prometheus: `clinic_hub_mails_total`. */
	counter(name: string, help: string): Counter {
		let state = this.#counters.get(name);
		if (!state) {
			state = { help, values: new Map() };
			this.#counters.set(name, state);
		}
		const { values } = state;
		return {
			add(labels = {}, by = 1) {
				const key = JSON.stringify(Object.entries(labels).sort());
				const entry = values.get(key);
				if (entry) entry.value += by;
				else values.set(key, { labels, value: by });
			},
		};
	}

	/** Runs every check; a check that throws counts as failed. */
	checks(): Record<string, HealthReport> {
		const reports: Record<string, HealthReport> = {};
		for (const [name, check] of this.#checks) {
			try {
				reports[name] = check();
			} catch (thrown) {
				reports[name] = { state: 'failed', text: thrown instanceof Error ? thrown.message : String(thrown) };
			}
		}
		return reports;
	}

	counters(): CounterSnapshot[] {
		return [...this.#counters].map(([name, { help, values }]) => ({ name, help, values: [...values.values()] }));
	}
}
