/** What an administrator does over RPC in a database that was restored, which is a dump and no records. */
import type { Databases } from './databases.ts';

const SECRET = /(?<=\tdatabase\.secret\t)[^\t\n]+/;
/** Rows of the outbox, as COPY writes them. */
const OUTBOX = /(?<=^COPY public\.clinic_mail_outbox \(.*\) FROM stdin;\n)[\s\S]*?(?=^\\\.$)/m;
const PENDING = /\tpending(?=\t|$)/gm;

/** Undefined for what the stand-in does not know there. */
export async function executeInRestored(
	databases: Databases,
	database: string,
	called: string,
	args: readonly unknown[],
): Promise<unknown> {
	switch (called) {
		case 'ir.config_parameter.set_param': {
			const [key, value] = args.map(String);
			if (key !== 'database.secret') return undefined;
			await databases.edit(database, (text) => text.replace(SECRET, String(value)));
			return true;
		}
		case 'ir.model.search_count':
			return 1;
		case 'clinic.mail.outbox.hold_pending': {
			let held = 0;
			await databases.edit(database, (text) =>
				text.replace(OUTBOX, (rows) =>
					rows.replace(PENDING, () => {
						held++;
						return '\theld';
					}),
				),
			);
			return held;
		}
		default:
			return undefined;
	}
}
