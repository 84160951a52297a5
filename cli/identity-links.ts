/** `clinic-hub identity links` and `link`: accounts of Odoo that were made by hand, and whose they are. */

import { HubError } from '../lib/errors.ts';
import type { LinkProposal } from '../lib/identity/links.ts';
import { likenessText } from '../lib/identity/words.ts';
import type { Command, Invocation } from './command.ts';
import { EXIT } from './exit.ts';
import { DATABASE, decider, showReport, withFollower } from './identity.ts';

export const identityLinks: Command = {
	name: 'identity links',
	operands: '',
	takes: { min: 0, max: 0 },
	help: {
		en: 'List accounts of Odoo made by hand, and whose of Keycloak they may be.',
		es: 'Listar las cuentas de Odoo hechas a mano y de quién de Keycloak pueden ser.',
	},
	options: { database: DATABASE },
	run: (invocation) =>
		withFollower(invocation, async ({ decisions }) => {
			const { terminal } = invocation;
			const proposals = await decisions.proposals();
			for (const proposal of proposals) show(proposal, invocation);
			if (proposals.length === 0) terminal.say({ en: 'Nothing is to be linked.', es: 'No hay nada que vincular.' });
			terminal.result({ ok: true, proposals });
			return proposals.length > 0 ? EXIT.decision : EXIT.done;
		}),
};

export const identityLink: Command = {
	name: 'identity link',
	operands: 'USER=ACCOUNT…',
	takes: { min: 0, max: 500 },
	help: {
		en: 'Link accounts as `links` shows them: Keycloak’s id and Odoo’s number. Then everybody is synchronised.',
		es: 'Vincular cuentas como las muestra `links`: el id de Keycloak y el número de Odoo. Después se sincroniza a todos.',
	},
	options: {
		exact: {
			type: 'boolean',
			help: { en: 'All exact ones.', es: 'Todas las exactas.' },
		},
		database: DATABASE,
	},
	run: (invocation) =>
		withFollower(invocation, async (follower) => {
			const { decisions } = follower;
			const exact = invocation.values['exact'] === true ? exactOf(await decisions.proposals()) : [];
			const links = [...exact, ...invocation.positionals.map(linkOf)];
			if (links.length === 0) throw new HubError('CONFIG_INVALID', 'Name what to link, or give --exact.');
			await decisions.link(links, decider());
			const report = await follower.run('everything', { actor: decider().name });
			if (!report) throw new HubError('INTERNAL', 'A command runs once.');
			return showReport(invocation, report);
		}),
};

function exactOf(proposals: readonly LinkProposal[]) {
	const exact = proposals.filter(({ likeness }) => likeness === 'exact');
	return exact.flatMap(({ subject, candidates }) => candidates.map(({ account }) => ({ subject, account })));
}

/** Keycloak's ids may hold anything; Odoo's number stands behind the last sign. */
function linkOf(text: string): { subject: string; account: number } {
	const [, subject, account] = /^(.+)=(\d+)$/s.exec(text) ?? [];
	if (subject && account) return { subject, account: Number(account) };
	throw new HubError('CONFIG_INVALID', 'A link is written USER=ACCOUNT, as `clinic-hub identity links` shows it.');
}

function show({ subject, username, likeness, candidates }: LinkProposal, { terminal }: Invocation): void {
	for (const { account, login, name, active, privileged } of candidates) {
		const marks = [
			...(active ? [] : [terminal.text({ en: 'archived', es: 'archivada' })]),
			...(privileged ? [terminal.text({ en: 'ADMINISTERS ODOO', es: 'ADMINISTRA ODOO' })] : []),
		].map((mark) => ` [${mark}]`);
		terminal.say(
			`${subject}=${account}  ${username} → ${login} (${name})${marks.join('')}  ${likenessText(likeness, terminal.language)}`,
		);
	}
}
