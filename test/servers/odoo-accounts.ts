/** Accounts of the real Odoo made by PostgreSQL: rows of one account again, under other names. */
import type pg from 'pg';
import type { CopiedPerson } from './odoo-identity.ts';

const PEOPLE = 'jsonb_to_recordset($1) as new (uid text, login text, name text, email text)';

/** Columns that a copy has of its own, with what stands in them. */
const PARTNER = { name: 'new.name', complete_name: 'new.name', email: 'new.email', email_normalized: 'new.email' };
const USER = { login: 'new.login', oauth_uid: 'new.uid', partner_id: 'copied.id', password: 'null' };

export async function copyAccounts(client: pg.Client, of: string, people: readonly CopiedPerson[]): Promise<void> {
	const values = [JSON.stringify(people), of];
	const copy = async (table: string, own: Record<string, string>, from: string) => {
		const found = await client.query<{ name: string }>(
			`select column_name as name from information_schema.columns
			where table_name = $1 and table_schema = 'public' and column_name != 'id' and is_generated = 'NEVER'`,
			[table],
		);
		const names = found.rows.map(({ name }) => name);
		const taken = names.map((name) => own[name] ?? `old.${name}`);
		await client.query(`insert into ${table} (${names.join()}) select ${taken.join()} from ${from}`, values);
	};
	const like = 'res_users template on template.oauth_uid = $2';
	await client.query('begin');
	await copy('res_partner', PARTNER, `res_partner old join ${like} and template.partner_id = old.id, ${PEOPLE}`);
	const partners = `${PEOPLE} join res_partner copied on copied.email = new.email and copied.name = new.name`;
	await copy('res_users', USER, `(select * from res_users where oauth_uid = $2) old, ${partners}`);
	const copies = `${PEOPLE} join res_users copied on copied.oauth_uid = new.uid join ${like}`;
	await client.query(
		`insert into res_groups_users_rel (gid, uid) select held.gid, copied.id from ${copies}
		join res_groups_users_rel held on held.uid = template.id`,
		values,
	);
	await client.query(
		`insert into res_company_users_rel (cid, user_id) select held.cid, copied.id from ${copies}
		join res_company_users_rel held on held.user_id = template.id`,
		values,
	);
	await client.query('commit');
}
