/** What the button "Test connection" of a `keycloak-realm` asks, and what it says about the answers. */

import type { ReaderOptions } from '../../lib/keycloak/reader.ts';
import type { Probe } from '../runtime/connection-test.ts';

/** A person waits: a silence is told after so long, in ms. */
const CALL_MS = 10_000;

export async function probeRealm(options: ReaderOptions, signal: AbortSignal): Promise<Probe> {
	const { checkRealm } = await import('../../lib/keycloak/check.ts');
	const { ok, findings, error } = await checkRealm({ ...options, timeoutMs: CALL_MS }, signal);
	const seen = findings.map(({ level, text }) => ({ level, text }));
	if (error) return { ok: false, text: error.text, code: error.code, findings: seen };
	// What is wrong stands in the findings, one by one.
	return ok ? { ok, text: '', findings: seen } : { ok, text: '', code: 'CONFIG_INVALID', findings: seen };
}
