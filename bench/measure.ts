/** What a bench yields; `ratio` is `value / reference`, both taken in the same run. */
export interface Measure {
	/** Before the dot of its name. Default the file that was run. */
	bench?: string;
	measure: string;
	value: number;
	unit: string;
	/** What the reference is, in words. */
	against: string;
	reference: number;
	ratio: number;
	/** The bound that the project set itself, in words; the bench prints, it never fails. */
	goal?: string;
}

export interface BenchOptions {
	/** Fewer repetitions: shows that the bench works, not what the figures are. */
	quick: boolean;
	/** Progress, to stderr. */
	log: (text: string) => void;
}

export type Bench = (options: BenchOptions) => AsyncGenerator<Measure>;

/** `value / reference`; against nothing it is the value itself, so 0 for 0: JSON has neither infinity nor NaN. */
export function ratioOf(value: number, reference: number): number {
	return reference > 0 ? value / reference : value;
}

export function median(values: number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	const upper = sorted[middle] ?? Number.NaN;
	return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
