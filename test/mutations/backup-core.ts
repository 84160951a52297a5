/** Protections of the core of a run: its lease, its threads, and what is done about what an earlier process left. */
import type { Mutant } from './mutant.ts';

const lease = (name: string) => ({ file: 'test/unit/store/held-lease.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A renewal that fails once ends no work',
		file: 'lib/store/held-lease.ts',
		find: "if (toHubError(thrown).code === 'LEASE_LOST' || performance.now() >= this.#heldUntil) this.lose(thrown);",
		replace: 'this.lose(thrown);',
		test: lease('a renewal that fails once does not end the work'),
	},
	{
		protection: 'Work ends before a lease that is not renewed may be another’s',
		file: 'lib/store/held-lease.ts',
		find: 'if (begun >= this.#heldUntil) {',
		replace: 'if (begun === this.#heldUntil) {',
		test: lease('work ends when another has the lease, and when no renewal came through for as long as it lasts'),
	},
	{
		protection: 'A lease that cannot be given back spoils nothing that was done',
		file: 'lib/store/held-lease.ts',
		find: '			log?.warn(',
		replace: '			if (thrown) throw thrown;\n			log?.warn(',
		test: {
			file: 'test/integration/backup-runs.test.ts',
			name: 'a finished backup stays finished though its lease could not be given back',
		},
	},
	{
		protection: 'A lease that was given back was not lost',
		file: 'lib/store/held-lease.ts',
		find: 'if (this.#released) return;',
		replace: '',
		test: lease('a lease that was given back while a renewal was under way was not lost'),
	},
];
