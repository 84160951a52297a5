/** `npm run check`: everything that can be said about the tree without running it. Reports every failure, not the first. */
import { spawn } from 'node:child_process';

const CHECKS: { name: string; command: string; args: string[] }[] = [
	{ name: 'types', command: 'tsc', args: ['--project', 'tsconfig.json'] },
	{ name: "types of the editor's scripts", command: 'tsc', args: ['--project', 'nodes/tsconfig.editor.json'] },
	{ name: 'lint, format, one-way imports', command: 'biome', args: ['check', '--error-on-warnings', '.'] },
	{ name: 'dead code', command: 'knip', args: [] },
];

function run(command: string, args: string[]): Promise<{ code: number; output: string }> {
	return new Promise((resolve) => {
		const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
		let output = '';
		for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
		child.on('error', (error) => resolve({ code: 1, output: `${command} does not start: ${error.message}` }));
		child.on('close', (code) => resolve({ code: code ?? 1, output }));
	});
}

const results = await Promise.all(CHECKS.map(async (check) => ({ check, ...(await run(check.command, check.args)) })));
for (const { check, code, output } of results) {
	console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${check.name}`);
	if (code !== 0) console.log(output.trim());
}
process.exitCode = results.every(({ code }) => code === 0) ? 0 : 1;
