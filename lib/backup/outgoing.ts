/**
 * Files of flows that are on their way to Drive: kept until they are there, so that an upload goes on after its process
 * died, although the message that asked for it is gone. Claim checks of backups are kept with their runs instead.
 */

import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Kysely } from 'kysely';
import { agesOf } from '../store/personal-data.ts';
import type { Store, Topic } from '../store/store.ts';
import type { ContentRequest, FileRequest } from './upload-request.ts';

export interface OutgoingTables {
	drive_outgoing: {
		id: string;
		/** The node that was asked. */
		node: string;
		/** `FileRequest` as JSON, its path already checked. */
		request: string;
		/** 1 when the file was written here for this upload and goes with it. */
		own: number;
		created_at: number;
	};
}

export const outgoingTopic: Topic = {
	name: 'outgoing',
	migrations: {
		'0001-outgoing': {
			async up(db) {
				await db.schema
					.createTable('drive_outgoing')
					.addColumn('id', 'text', (column) => column.primaryKey())
					.addColumn('node', 'text', (column) => column.notNull())
					.addColumn('request', 'text', (column) => column.notNull())
					.addColumn('own', 'bigint', (column) => column.notNull())
					.addColumn('created_at', 'bigint', (column) => column.notNull())
					.execute();
			},
		},
	},
	ages: agesOf('outgoing'),
};

/** A file comes before its row: one without a row that is older belongs to nobody any more. In ms. */
const ABANDONED_MS = 3_600_000;

export interface Outgoing {
	/** Of this entry, not of the file. */
	key: string;
	request: FileRequest;
}

/** Every method throws `STORE_UNAVAILABLE`. */
export class OutgoingFiles {
	readonly #db: Kysely<OutgoingTables>;
	readonly #node: string;
	readonly #directory: string;

	private constructor(db: Kysely<OutgoingTables>, node: string, directory: string) {
		this.#db = db;
		this.#node = node;
		this.#directory = directory;
	}

	/** @param directory where contents of messages are written; made when it is needed */
	static async open(store: Store, node: string, directory: string): Promise<OutgoingFiles> {
		return new OutgoingFiles(await store.topic<OutgoingTables>(outgoingTopic), node, directory);
	}

	/** @param request its path checked */
	async keep(request: FileRequest): Promise<Outgoing> {
		return this.#insert(request, false);
	}

	/** Writes what a message holds into a file first. */
	async keepContent({ content, ...request }: ContentRequest): Promise<Outgoing> {
		await mkdir(this.#directory, { recursive: true, mode: 0o700 });
		const file = path.join(this.#directory, randomUUID());
		await writeFile(file, content, { mode: 0o600, flush: true });
		return this.#insert({ ...request, file }, true);
	}

	/** Of this node, oldest first; what earlier ones wrote and nobody waits for goes. */
	async waiting(): Promise<Outgoing[]> {
		const rows = await this.#db.selectFrom('drive_outgoing').selectAll().orderBy('created_at').execute();
		const known = new Set(rows.map(({ request }) => (JSON.parse(request) as FileRequest).file));
		for (const name of await namesIn(this.#directory)) {
			const file = path.join(this.#directory, name);
			if (!known.has(file) && (await ageMs(file)) > ABANDONED_MS) await rm(file, { force: true });
		}
		return rows
			.filter(({ node }) => node === this.#node)
			.map(({ id, request }) => ({ key: id, request: JSON.parse(request) as FileRequest }));
	}

	/** It is there, or was given up. */
	async forget(key: string): Promise<void> {
		const row = await this.#db
			.deleteFrom('drive_outgoing')
			.where('id', '=', key)
			.returning(['own', 'request'])
			.executeTakeFirst();
		if (row && Number(row.own) === 1) await rm((JSON.parse(row.request) as FileRequest).file, { force: true });
	}

	async #insert(request: FileRequest, own: boolean): Promise<Outgoing> {
		const key = randomUUID();
		await this.#db
			.insertInto('drive_outgoing')
			.values({
				id: key,
				node: this.#node,
				request: JSON.stringify(request),
				own: own ? 1 : 0,
				created_at: Date.now(),
			})
			.execute();
		return { key, request };
	}
}

async function namesIn(directory: string): Promise<string[]> {
	try {
		return await readdir(directory);
	} catch {
		return []; // not made yet
	}
}

async function ageMs(file: string): Promise<number> {
	try {
		return Date.now() - (await stat(file)).mtimeMs;
	} catch {
		return 0; // gone meanwhile: its upload ended
	}
}
