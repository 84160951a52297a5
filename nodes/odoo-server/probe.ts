/** What the button "Test connection" of an `odoo-server` asks, and what it says about the answers. */

import type { Probe } from '../runtime/connection-test.ts';
import type { OdooConnection } from './connection.ts';

export async function probeOdoo({ place, login }: OdooConnection, signal: AbortSignal): Promise<Probe> {
	const { checkOdoo } = await import('../../lib/odoo/check.ts');
	const { url, databases, masterPassword, direct } = place;
	const { ok, findings, error } = await checkOdoo({ url, databases, masterPassword, login, direct }, signal);
	const seen = findings.map(({ level, text }) => ({ level, text }));
	if (error) return { ok: false, text: error.text, code: error.code, findings: seen };
	return { ok, text: '', findings: seen };
}
