/** How often faults happen, and when: reduced counts and a seed that is printed, or those that were asked for. */

/** The full counts of the requirement with `npm run test:full`, else reduced ones. */
export const FULL = process.env['TEST_FULL'] === '1';
export const full = (whole: number, reduced: number): number => (FULL ? whole : reduced);

/** Seeded, so that a failure can be repeated: TEST_SEED=… */
export const SEED = Number(process.env['TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

/** mulberry32: the same numbers in 0…1 for the same seed; small, even enough for choosing. */
export function seeded(seed = SEED): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}
