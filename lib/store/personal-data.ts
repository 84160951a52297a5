/**
 * The one table of personal data and of its ages: every column of the store that holds something about a person stands
 * here, with the time after which it goes. `docs/personal-data.md` and `docs/personal-data.es.md` are written from it
 * (`node scripts/documents.ts`).
 */

import { HubError } from '../errors.ts';
import type { AgeRule } from './store.ts';

interface Text {
	en: string;
	es: string;
}

export interface PersonalData extends AgeRule {
	/** The topic that makes the table. */
	topic: string;
	/** Variable that sets another age in days. */
	variable?: 'HUB_AGE_MAIL_DAYS' | 'HUB_AGE_AUDIT_DAYS';
	/** Whose data it is and what for. */
	text: Text;
}

/** Bounds of an age that a variable sets, in days: "for ever" is no age. */
export const MIN_AGE_DAYS = 1;
export const MAX_AGE_DAYS = 3_650;

/** Half a year: a supplier's complaint about an order comes earlier; then nobody needs the address any more. */
export const MAIL_DAYS = 180;

/** Two years: long enough for an audit of the year before, then the person is no longer named. */
export const AUDIT_DAYS = 730;

/** A file of a flow that could not be brought in a month is not expected any more. */
const OUTGOING_DAYS = 30;

/** What an event said of a user counts until the next full run, which may fail for some nights. */
const EVENT_DAYS = 30;

/** As `lib/notices` gives a notice up; this rule is for what a node left that no longer exists. */
const NOTICE_DAYS = 7;

export const PERSONAL_DATA: readonly PersonalData[] = [
	{
		topic: 'mail',
		table: 'mail_ledger',
		timeColumn: 'created_at',
		days: MAIL_DAYS,
		variable: 'HUB_AGE_MAIL_DAYS',
		blank: ['recipient', 'response', 'reason_text'],
		text: {
			en: 'Address of a recipient, and what the mail server said of it. That, when and for which order a mail was sent stays.',
			es: 'Dirección de un destinatario y lo que el servidor de correo dijo de ella. Que se envió un correo, cuándo y de qué pedido, permanece.',
		},
	},
	{
		topic: 'mail',
		table: 'mail_switch',
		timeColumn: 'changed_at',
		days: AUDIT_DAYS,
		variable: 'HUB_AGE_AUDIT_DAYS',
		blank: ['by'],
		text: {
			en: 'Name of who paused or resumed the sending.',
			es: 'Nombre de quien pausó o reanudó el envío.',
		},
	},
	{
		topic: 'backup',
		table: 'backup_run',
		timeColumn: 'started_at',
		days: AUDIT_DAYS,
		variable: 'HUB_AGE_AUDIT_DAYS',
		blank: ['by'],
		text: {
			en: 'Name of who began a backup by hand.',
			es: 'Nombre de quien inició una copia de seguridad a mano.',
		},
	},
	{
		topic: 'identity',
		table: 'identity_plan',
		timeColumn: 'created_at',
		days: AUDIT_DAYS,
		variable: 'HUB_AGE_AUDIT_DAYS',
		blank: ['lines', 'decided_by'],
		text: {
			en: 'Users whose change waited for a decision, and who decided. That there was a plan, when, and how it ended stays.',
			es: 'Usuarios cuyo cambio esperaba una decisión y quién decidió. Que hubo un plan, cuándo y cómo terminó, permanece.',
		},
	},
	{
		topic: 'identity',
		table: 'identity_link',
		timeColumn: 'approved_at',
		days: AUDIT_DAYS,
		variable: 'HUB_AGE_AUDIT_DAYS',
		blank: ['approved_by'],
		text: {
			en: 'Name of who linked an account of Odoo to a user of Keycloak.',
			es: 'Nombre de quien vinculó una cuenta de Odoo con un usuario de Keycloak.',
		},
	},
	{
		topic: 'identity',
		table: 'identity_event',
		timeColumn: 'at',
		days: EVENT_DAYS,
		blank: 'row',
		text: {
			en: 'Ids of users of Keycloak whom its events named, so that none is dealt with twice.',
			es: 'Ids de usuarios de Keycloak nombrados por sus eventos, para que ninguno se trate dos veces.',
		},
	},
	{
		topic: 'identity',
		table: 'identity_change',
		timeColumn: 'at',
		days: 1,
		blank: 'row',
		text: {
			en: 'Ids of accounts that were changed a short time ago, so that many small runs do not pass the limit of a large one.',
			es: 'Ids de cuentas cambiadas hace poco, para que muchas pasadas pequeñas no eludan el límite de una grande.',
		},
	},
	{
		topic: 'house',
		table: 'hub_audit',
		timeColumn: 'at',
		days: AUDIT_DAYS,
		variable: 'HUB_AGE_AUDIT_DAYS',
		blank: ['actor', 'details'],
		text: {
			en: 'Name of who did something, and its details. What was done, to what and how it ended stays.',
			es: 'Nombre de quien hizo algo y sus detalles. Qué se hizo, sobre qué y cómo terminó, permanece.',
		},
	},
	{
		topic: 'notices',
		table: 'notice_outbox',
		timeColumn: 'created_at',
		days: NOTICE_DAYS,
		blank: 'row',
		text: {
			en: 'Address of who is told something, while the notice waits. A delivered notice goes at once.',
			es: 'Dirección de quien recibe un aviso, mientras el aviso espera. Un aviso entregado desaparece en el acto.',
		},
	},
	{
		topic: 'notices',
		table: 'notice_window',
		timeColumn: 'closes_at',
		days: NOTICE_DAYS,
		blank: 'row',
		text: {
			en: 'Addresses of who was told the same a short time ago.',
			es: 'Direcciones de quienes recibieron el mismo aviso hace poco.',
		},
	},
	{
		topic: 'outgoing',
		table: 'drive_outgoing',
		timeColumn: 'created_at',
		days: OUTGOING_DAYS,
		blank: 'row',
		text: {
			en: 'Name of a file of a flow, which may name a person, while it is on its way to Google Drive. It goes when the file is there.',
			es: 'Nombre de un archivo de un flujo, que puede nombrar a una persona, mientras va camino de Google Drive. Desaparece cuando el archivo ha llegado.',
		},
	},
];

/** The rules of one topic. */
export function agesOf(topic: string): AgeRule[] {
	return PERSONAL_DATA.filter((entry) => entry.topic === topic);
}

/**
 * The ages that variables set, in days by table.
 * @throws HubError `CONFIG_INVALID` naming the variable: personal data is not kept longer by a typing error
 */
export function ageDays(environment: Readonly<Record<string, string | undefined>>): Record<string, number> {
	const days: Record<string, number> = {};
	for (const { table, variable } of PERSONAL_DATA) {
		const text = variable && environment[variable];
		if (!text) continue;
		const value = Number(text);
		if (!/^\d+$/.test(text) || value < MIN_AGE_DAYS || value > MAX_AGE_DAYS) {
			throw new HubError(
				'CONFIG_INVALID',
				`${variable} is "${text}"; it takes a number of days, ${MIN_AGE_DAYS} to ${MAX_AGE_DAYS}.`,
			);
		}
		days[table] = value;
	}
	return days;
}
