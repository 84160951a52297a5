/** A `--port-offset` for tests that start the demo as a person does. */
import { listeners } from '../lab/ports.ts';

/** Another offset for each process that looks at the same time; in ports. */
const STEP = 501;

/**
 * How far above `first` is looked. With RabbitMQ's 25672 as the highest port all stay below 32768: from there on the kernel
 * gives ports to whoever asks for any, so that one may be taken between the look and the start.
 */
const RANGE = 3_000;

/** An offset from `first` on at which nothing listens on any of the ports. Tests that run side by side name distant ones. */
export async function freeOffset(ports: readonly number[], first: number): Promise<number> {
	for (let offset = first + (process.pid % (STEP - 1)); offset < first + RANGE; offset += STEP) {
		if ((await listeners(ports.map((port) => port + offset))).length === 0) return offset;
	}
	throw new Error('No offset with free ports');
}
