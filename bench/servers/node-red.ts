/** A Node-RED in a process of its own, as `node-red` starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const NODE_RED = createRequire(import.meta.url).resolve('node-red/red.js');
/** On two cores that others load it was seen to take 20 s; in ms. */
const START_TIMEOUT_MS = 60_000;

/**
 * Resolves when the flows have started, with the time that took, in ms.
 * @param args such as `--userDir`
 */
export async function startNodeRed(args: readonly string[]): Promise<{ child: ChildProcess; ms: number }> {
	const begin = performance.now();
	const child = spawn(process.execPath, [NODE_RED, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
	let output = '';
	const ms = await new Promise<number>((done, failed) => {
		const fail = (what: string) => {
			child.kill('SIGKILL');
			failed(new Error(`Node-RED ${what}:\n${output}`));
		};
		const timer = setTimeout(() => fail('did not start'), START_TIMEOUT_MS);
		child.once('exit', (code) => fail(`ended with ${code}`));
		child.stdout.on('data', (chunk) => {
			output += chunk;
			if (!output.includes('Started flows')) return;
			clearTimeout(timer);
			done(performance.now() - begin);
		});
	});
	child.removeAllListeners('exit');
	return { child, ms };
}
