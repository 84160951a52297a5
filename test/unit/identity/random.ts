/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
export function random(seed: number): () => number {
	let state = seed;
	return () => {
		state = (state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
	};
}

/** Of this run: given by a variable, or new; a test prints it. */
export const SEED = Number(process.env.HUB_TEST_SEED ?? Date.now() % 100_000);
