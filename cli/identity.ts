/** What the commands `clinic-hub identity …` share: the rules that the node left in the store, both sides, who decides. */

import { hostname, userInfo } from 'node:os';
import { HubError } from '../lib/errors.ts';
import { Health } from '../lib/health.ts';
import { CurrentTarget } from '../lib/identity/current-target.ts';
import { Follower } from '../lib/identity/follower.ts';
import type { Decider } from '../lib/identity/held-plans.ts';
import { KeycloakSource } from '../lib/identity/keycloak-source.ts';
import type { RunReport } from '../lib/identity/report.ts';
import { pairOf, type Setup, Setups } from '../lib/identity/setups.ts';
import { reportTold } from '../lib/identity/told.ts';
import { conflictText, holdText, limitText, lineText, warningText } from '../lib/identity/words.ts';
import { RealmReader } from '../lib/keycloak/reader.ts';
import { OdooRpc } from '../lib/odoo/rpc.ts';
import { storeAudit } from '../lib/store/audit.ts';
import { type CommandOption, type Invocation, textOption } from './command.ts';
import { EXIT, type ExitCode } from './exit.ts';

export const DATABASE: CommandOption = {
	type: 'string',
	value: 'NAME',
	help: {
		en: 'Database of Odoo, where the store knows several.',
		es: 'Base de datos de Odoo, si el almacén conoce varias.',
	},
};

/** The rules of the node that was deployed. @throws HubError NOT_FOUND, CONFIG_INVALID, STORE_* */
export async function setupOf(invocation: Invocation): Promise<Setup> {
	const { environment } = invocation;
	const setups = await Setups.open(await environment.store());
	return setups.find(textOption(invocation, 'database') ?? (environment.variables['ODOO_DATABASE'] || undefined));
}

/**
 * Works with a follower as the node's, and ends it. Secrets go only where the variables say, too.
 * @throws HubError CONFIG_INVALID when the variables name another Keycloak or Odoo than the node
 */
export async function withFollower(
	invocation: Invocation,
	work: (follower: Follower) => Promise<ExitCode>,
): Promise<ExitCode> {
	const { environment, signal } = invocation;
	const { variables } = environment;
	const setup = await setupOf(invocation);
	const { issuer, url, database, settings } = setup;
	const [ownIssuer, ownUrl] = [environment.require('KEYCLOAK_ISSUER'), environment.require('ODOO_URL')];
	if (ownIssuer.replace(/\/+$/, '') !== issuer || new URL(ownUrl).host !== new URL(url).host) {
		throw new HubError(
			'CONFIG_INVALID',
			`The node keycloak-sync follows ${issuer} for ${url}; KEYCLOAK_ISSUER and ODOO_URL name others. Correct them.`,
		);
	}
	const reader = new RealmReader({
		issuer,
		realm: decodeURIComponent(issuer.split('/').at(-1) ?? ''),
		internalUrl: variables['KEYCLOAK_INTERNAL_URL'] || undefined,
		clientId: variables['KEYCLOAK_READER_ID'] || 'hub-reader',
		clientSecret: environment.require('KEYCLOAK_READER_SECRET'),
	});
	const account = { user: environment.require('ODOO_SYNC_USER'), password: environment.require('ODOO_SYNC_KEY') };
	const audit = storeAudit(() => environment.store());
	const follower = new Follower({
		source: new KeycloakSource(reader),
		target: new CurrentTarget(new OdooRpc({ url, database, ...account }, { signal }), issuer),
		setup: { issuer, url, database, settings },
		...{ store: () => environment.store(), owner: `${hostname()}:${process.pid}:command`, everyMs: null },
		...{ health: new Health(), audit: (event) => audit.record(event), onEvent: () => {}, onChange: () => {} },
	});
	const cancel = () => follower.cancel(decider().name);
	signal.addEventListener('abort', cancel, { once: true });
	try {
		return await work(follower);
	} finally {
		signal.removeEventListener('abort', cancel);
		await follower.close();
		await audit.close();
	}
}

export { pairOf };

/** Who is at the terminal, also behind `sudo`. */
export function decider(): Decider {
	const name = process.env['SUDO_USER'] || userInfo().username;
	return { name, identities: [name] };
}

/** Says what a run did, for a person and for a program, and how it ended. */
export function showReport({ terminal }: Invocation, report: RunReport): ExitCode {
	const { language } = terminal;
	const { dryRun, busy, now, done, failed, heldLines, conflicts, warnings, limits } = report;
	const say = (symbol: string, text: string) => terminal.say(`${symbol} ${text}`);
	if (busy) terminal.say({ en: 'Another hub works; nothing was done.', es: 'Trabaja otro hub; no se hizo nada.' });
	for (const warning of warnings) say('!', warningText(warning, language));
	for (const limit of limits) say('!', limitText(limit, language));
	for (const line of dryRun ? now : done) say(dryRun ? '+' : '✓', lineText(line, language));
	for (const { line, text } of failed) say('✗', `${lineText(line, language)}: ${text}`);
	for (const { line, reasons } of heldLines) say('…', `${lineText(line, language)}. ${holdText(reasons, language)}`);
	for (const conflict of conflicts) say('·', conflictText(conflict, language));
	if (!busy && now.length + heldLines.length === 0) terminal.say({ en: 'Nothing to do.', es: 'Nada que hacer.' });
	if (report.held) {
		const hash = report.held.hash.slice(0, HASH_SHOWN);
		terminal.say({
			en: `${heldLines.length} changes wait for a decision: clinic-hub identity approve ${hash}`,
			es: `${heldLines.length} cambios esperan una decisión: clinic-hub identity approve ${hash}`,
		});
	}
	terminal.result({ ok: !busy && failed.length === 0, ...reportTold(report), plan: report.held?.hash ?? null });
	if (busy) return EXIT.unavailable;
	if (failed.length > 0) return EXIT.different;
	return heldLines.length > 0 ? EXIT.decision : EXIT.done;
}

/** Characters of a plan's hash: enough to be sure, few enough to type. */
export const HASH_SHOWN = 12;
