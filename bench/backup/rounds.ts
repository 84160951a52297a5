/** Rounds in which the hub stands beside another. */
import { type Measure, median } from '../measure.ts';

export interface Round<Hub, Other> {
	hub: Hub;
	other: Other;
}

/**
 * Both in each round, and whoever was first is second in the next: what one leaves behind in caches helps neither.
 * @param done told of each round as it ends; counts from 1
 */
export async function inTurns<Hub, Other>(
	count: number,
	hub: () => Promise<Hub>,
	other: () => Promise<Other>,
	done: (round: number, figures: Round<Hub, Other>) => void = () => undefined,
): Promise<Round<Hub, Other>[]> {
	const rounds: Round<Hub, Other>[] = [];
	for (let round = 1; round <= count; round++) {
		const figures: Partial<Round<Hub, Other>> = {};
		const turns = [
			async () => {
				figures.hub = await hub();
			},
			async () => {
				figures.other = await other();
			},
		];
		for (const turn of round % 2 ? turns : turns.toReversed()) await turn();
		rounds.push(figures as Round<Hub, Other>);
		done(round, figures as Round<Hub, Other>);
	}
	return rounds;
}

/** Medians of both sides, and that of the ratios of each round, hub over other. */
export function compared<Hub, Other>(
	rounds: readonly Round<Hub, Other>[],
	hub: (figures: Hub) => number,
	other: (figures: Other) => number,
): Pick<Measure, 'value' | 'reference' | 'ratio'> {
	return {
		value: median(rounds.map((round) => hub(round.hub))),
		reference: median(rounds.map((round) => other(round.other))),
		ratio: median(rounds.map((round) => hub(round.hub) / other(round.other))),
	};
}
