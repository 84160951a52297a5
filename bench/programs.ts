/** Programs that the hub is measured against, from Debian. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ensurePackages, type Needs } from '../lab/prerequisites.ts';

/**
 * Installs as root what is missing on Debian.
 * @throws HubError PACKAGES_MISSING saying what to install where that cannot be done
 */
export async function ensurePrograms(needs: readonly Needs[], log: (text: string) => void): Promise<void> {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-bench-packages-'));
	const { signal } = new AbortController();
	try {
		const options = { install: true, directory, language: 'en', signal } as const;
		await ensurePackages(needs, { ...options, print: log, update: () => undefined });
	} finally {
		await rm(directory, { recursive: true, force: true });
	}
}
