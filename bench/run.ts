/**
 * `npm run bench -- NAME [--quick] [--json]`: runs `bench/NAME.ts`. Every figure stands beside a peer or a ceiling that was
 * measured in the same run; the ratio is what counts, for the machine's own speed differs from run to run.
 */
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Bench, Measure } from './measure.ts';

const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
});

const NOT_BENCHES = new Set(['run.ts', 'measure.ts', 'programs.ts']);
const names = readdirSync(import.meta.dirname)
	.filter((file) => file.endsWith('.ts') && !NOT_BENCHES.has(file))
	.map((file) => file.slice(0, -'.ts'.length));
const [name] = positionals;
if (!name || !names.includes(name)) {
	console.error(`Usage: npm run bench -- NAME [--quick] [--json], where NAME is one of: ${names.join(', ')}`);
	process.exit(2);
}

function print(measure: Measure): void {
	if (values.json) {
		console.log(JSON.stringify({ bench: name, ...measure }));
		return;
	}
	const { unit, value, against, reference, ratio } = measure;
	const goal = measure.goal ? `  goal ${measure.goal}` : '';
	console.log(
		`${`${measure.bench ?? name}.${measure.measure}`.padEnd(28)} ${round(value)} ${unit}, against ${round(reference)} (${against}): ratio ${round(ratio)}${goal}`,
	);
}

function round(value: number): string {
	return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}

const { default: bench } = (await import(`./${name}.ts`)) as { default: Bench };
for await (const measure of bench({ quick: values.quick, log: (text) => console.error(text) })) print(measure);
