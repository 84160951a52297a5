/**
 * A lab in a process of its own, for tests that kill it: its one system is two processes, of which one leaves its
 * process group as daemons do. Takes the lab's directory as argument; says `ready`.
 */
import { Lab } from '../../lab/lab.ts';
import type { System } from '../../lab/system.ts';

const directory = process.argv[2] ?? '';

const system: System = {
	name: 'sleeper',
	ports: {},
	async ensure() {},
	async start(context) {
		const script = 'setsid sleep 300 & sleep 300';
		await context.run({ command: 'bash', args: ['-c', script] });
	},
	async ready() {},
	async stop() {},
};

const lab = await Lab.open({ systems: [system], directory });
for (const event of ['message', 'disconnect']) process.on(event, () => void lab.stop().then(() => process.exit()));
await lab.start();
process.send?.('ready');
