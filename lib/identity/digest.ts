/** Fingerprints of lines and plans: the same for the same, whatever the order of properties. */
import { createHash } from 'node:crypto';
import type { Line, Plan } from './model.ts';

/** By code units: the same on every machine, whatever its language. */
export function compare(a: string, b: string): number {
	return a < b ? -1 : a > b ? 1 : 0;
}

/** Says what a line does, whatever the order of its properties. */
export function lineDigest(line: Line): string {
	return createHash('sha256').update(canonical(line)).digest('hex');
}

/** Of lines in their order, and of whom they are for: what a person approves. */
export function planHash(plan: Pick<Plan, 'issuer' | 'provider'>, lines: readonly Line[]): string {
	const { issuer, provider } = plan;
	return createHash('sha256').update(canonical({ issuer, provider, lines })).digest('hex');
}

function canonical(value: unknown): string {
	return JSON.stringify(value, (_, part: unknown) =>
		part && typeof part === 'object' && !Array.isArray(part)
			? Object.fromEntries(Object.entries(part).sort(([a], [b]) => compare(a, b)))
			: part,
	);
}
