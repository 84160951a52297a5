/** Makes a restored database harmless: no mail, no jobs; and a restored one that goes into service safe to open. */
import { HubError } from '../errors.ts';
import { type PostgresqlAddress, startProgram, withClient } from './postgresql.ts';
import type { OdooRpc } from './rpc.ts';

/** Odoo's own program, which knows what each installed module wants to be switched off. */
export interface OdooProgram {
	/** Such as `/usr/bin/odoo`. */
	command: string;
	/** Before its subcommand: an interpreter's script, or nothing. */
	args?: readonly string[] | undefined;
}

/** What `base`, `mail`, `payment` and this project's addon switch off (`data/neutralize.sql`): what leaves the database by itself. */
const BASICS = `
update ir_mail_server set active = false;
insert into ir_mail_server (name, smtp_port, smtp_host, smtp_encryption, active, smtp_authentication)
	values ('neutralization - disable emails', 1025, 'invalid', 'none', true, 'login');
update ir_cron set active = false;
update ir_act_server set webhook_url = 'neutralization - disable webhook' where state = 'webhook';
insert into ir_config_parameter (key, value) values ('database.is_neutralized', 'true')
	on conflict (key) do update set value = 'true';
delete from ir_config_parameter where key in ('clinic_purchase_mail.amqp_url',
	'clinic_purchase_mail.signing_key_id', 'clinic_purchase_mail.signing_key');
do $$ begin
	if to_regclass('fetchmail_server') is not null then execute 'update fetchmail_server set active = false'; end if;
	if to_regclass('payment_provider') is not null then
		execute 'update payment_provider set state = ''disabled''';
	end if;
	if to_regclass('clinic_mail_outbox') is not null then
		execute 'update clinic_mail_outbox set state = ''held'', status = ''held'' where state = ''pending''';
	end if;
end $$;`;

/**
 * @param odoo without it what leaves the database is switched off, and no more
 * @throws HubError POSTGRESQL_*; a database that was not neutralised must not stay
 */
export async function neutralizeDirectly(
	postgres: PostgresqlAddress,
	odoo: OdooProgram | undefined,
	signal?: AbortSignal,
): Promise<void> {
	if (odoo) {
		const args = [...(odoo.args ?? []), 'neutralize', '-d', postgres.database];
		await startProgram(odoo.command, args, postgres, ['ignore', 'ignore'], signal).ended;
	}
	await withClient(
		postgres,
		async (client) => {
			const marked = "select from ir_config_parameter where key = 'database.is_neutralized'";
			if (!odoo) await client.query(`begin; ${BASICS} commit;`);
			const { rowCount } = await client.query(marked);
			if (rowCount !== 1) {
				throw new HubError('POSTGRESQL_FAILED', `“${postgres.database}” was not neutralised. Drop it; see Odoo’s log.`);
			}
		},
		{ signal },
	);
}

/** What was done to a restored database before it goes into service. */
export interface Safeguards {
	/** Every open session of the time of the backup is refused from now on. */
	sessionsEnded: boolean;
	/** Mails that waited in the outbox and are held for a person to look at; undefined without the addon. */
	mailsHeld: number | undefined;
}

/**
 * For a database that replaces the lost one. Session tokens are computed with `database.secret`
 * (`res.users._compute_session_token`), so a new one ends them all.
 * @throws HubError POSTGRESQL_*
 */
export async function safeguardDirectly(postgres: PostgresqlAddress): Promise<Safeguards> {
	return withClient(postgres, async (client) => {
		const secret = "update ir_config_parameter set value = gen_random_uuid()::text where key = 'database.secret'";
		const { rowCount } = await client.query(secret);
		const { rows } = await client.query<{ there: boolean }>(
			"select to_regclass('clinic_mail_outbox') is not null as there",
		);
		if (!rows[0]?.there) return { sessionsEnded: rowCount === 1, mailsHeld: undefined };
		const held = await client.query(
			`update clinic_mail_outbox set state = 'held', status = 'held', lease_token = null, lease_until = null
			where state = 'pending'`,
		);
		return { sessionsEnded: rowCount === 1, mailsHeld: held.rowCount ?? 0 };
	});
}

/** For one that is to live beside what it was made from. @throws HubError POSTGRESQL_* */
export async function giveNewIdentity(postgres: PostgresqlAddress): Promise<void> {
	await withClient(postgres, (client) =>
		client.query(`update ir_config_parameter set value = gen_random_uuid()::text
			where key in ('database.uuid', 'database.secret')`),
	);
}

/** As `safeguardDirectly` over RPC, where there is no way to PostgreSQL. The account must be an administrator. @throws HubError as `rpc` */
export async function safeguardByRpc(odoo: OdooRpc, secret: string): Promise<Safeguards> {
	await odoo.call('ir.config_parameter', 'set_param', ['database.secret', secret]);
	const addon = await odoo.call('ir.model', 'search_count', [[['model', '=', 'clinic.mail.outbox']]]);
	const mailsHeld = addon ? Number(await odoo.call('clinic.mail.outbox', 'hold_pending', [])) : undefined;
	return { sessionsEnded: true, mailsHeld };
}

/** After every real restore, for the person who did it. */
export const AFTER_RESTORE = {
	en: 'Run the full synchronisation of users with Keycloak before you open Odoo: the restored database knows only who had access at the time of the backup.',
	es: 'Ejecute la sincronización completa de usuarios con Keycloak antes de abrir Odoo: la base restaurada solo conoce a quienes tenían acceso en el momento de la copia.',
} as const;
