/** Waits for `work` at most so long; what it does later, or how it ended, is told elsewhere. Never rejects. */
export async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
	const { promise, resolve } = Promise.withResolvers<void>();
	const timer = setTimeout(resolve, milliseconds);
	work.then(
		() => resolve(),
		() => resolve(),
	);
	await promise;
	clearTimeout(timer);
}
