/** Sessions over a restart: in the store, their keys as hashes, their tokens sealed. */

import type { Kysely } from 'kysely';
import type { Log } from '../lib/log.ts';
import type { Sealer } from '../lib/store/sealed.ts';
import type { Store, Topic } from '../lib/store/store.ts';
import { rolesIn } from './roles.ts';
import type { Session, SessionKeeper } from './session.ts';

interface Tables {
	editor_session: {
		key: string;
		subject: string;
		keycloak_session: string | null;
		username: string;
		name: string;
		/** JSON list. */
		roles: string;
		/** JSON of both tokens, sealed. */
		tokens: string;
		started_at: number;
		used_at: number;
		confirmed_at: number;
	};
}

const topic: Topic = {
	name: 'editor',
	migrations: {
		'0001-sessions': {
			async up(db) {
				await db.schema
					.createTable('editor_session')
					.addColumn('key', 'text', (column) => column.primaryKey())
					.addColumn('subject', 'text', (column) => column.notNull())
					.addColumn('keycloak_session', 'text')
					.addColumn('username', 'text', (column) => column.notNull())
					.addColumn('name', 'text', (column) => column.notNull())
					.addColumn('roles', 'text', (column) => column.notNull())
					.addColumn('tokens', 'text', (column) => column.notNull())
					.addColumn('started_at', 'bigint', (column) => column.notNull())
					.addColumn('used_at', 'bigint', (column) => column.notNull())
					.addColumn('confirmed_at', 'bigint', (column) => column.notNull())
					.execute();
			},
		},
	},
	ages: [{ table: 'editor_session', timeColumn: 'started_at', days: 7, blank: 'row' }],
};

/** @throws HubError as the store */
export async function keptSessions(store: Store, sealer: Sealer, log: Log): Promise<SessionKeeper> {
	const database = await store.topic<Tables>(topic);
	// Written one after the other: an end must not be overtaken by a change that was asked for before.
	let last: Promise<unknown> = Promise.resolve();
	const write = (work: () => Promise<unknown>) => {
		last = last
			.then(work)
			.catch((thrown) => log.warn(`A session could not be kept: ${String((thrown as Error).message)}`));
	};
	return {
		load: () => load(database, sealer),
		save: (session) => {
			const values = valuesOf(session, sealer);
			const { key, ...changed } = values;
			void key;
			write(() =>
				database
					.insertInto('editor_session')
					.values(values)
					.onConflict((conflict) => conflict.column('key').doUpdateSet(changed))
					.execute(),
			);
		},
		remove: (key) => write(() => database.deleteFrom('editor_session').where('key', '=', key).execute()),
	};
}

async function load(database: Kysely<Tables>, sealer: Sealer): Promise<Session[]> {
	const rows = await database.selectFrom('editor_session').selectAll().execute();
	return rows.flatMap((row) => {
		try {
			const tokens = JSON.parse(sealer.open(row.tokens, placeOf(row.key))) as Pick<Session, 'refreshToken' | 'idToken'>;
			return {
				key: row.key,
				subject: row.subject,
				keycloakSession: row.keycloak_session,
				username: row.username,
				name: row.name,
				roles: rolesIn(JSON.parse(row.roles)),
				startedAt: Number(row.started_at),
				usedAt: Number(row.used_at),
				confirmedAt: Number(row.confirmed_at),
				...tokens,
			};
		} catch {
			return []; // sealed with another key, or changed since: that person signs in again
		}
	});
}

function valuesOf(session: Session, sealer: Sealer): Tables['editor_session'] {
	const { key, refreshToken, idToken } = session;
	return {
		key,
		subject: session.subject,
		keycloak_session: session.keycloakSession,
		username: session.username,
		name: session.name,
		roles: JSON.stringify(session.roles),
		tokens: sealer.seal(JSON.stringify({ refreshToken, idToken }), placeOf(key)),
		started_at: session.startedAt,
		used_at: session.usedAt,
		confirmed_at: session.confirmedAt,
	};
}

function placeOf(key: string): string {
	return `editor/session/${key}`;
}
