/** A run that somebody waits for. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RunReport } from './report.ts';

/** How long a person's wish waits for another hub's run to end, ms. */
const TURN_MS = 20_000;
const TURN_POLL_MS = 250;

/** A person's wish waits a while for the other hub. */
export async function inTurn(run: () => Promise<RunReport>): Promise<RunReport> {
	for (const deadline = Date.now() + TURN_MS; ; await delay(TURN_POLL_MS)) {
		const report = await run();
		if (!report.busy || Date.now() > deadline) return report;
	}
}
