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

/** `IDENTITY_SEED` tries another course of things; a test prints the one it took. */
export const SEED = Number(process.env['IDENTITY_SEED'] ?? 20250603);
