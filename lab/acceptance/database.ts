/** Databases of the Odoo that is backed up: counting them, restoring beside them, dropping what was restored. */
import { randomBytes } from 'node:crypto';
import { proveZip } from '../../lib/backup/proof.ts';
import type { BackupRecord } from '../../lib/backup/record.ts';
import { restoreDirectly } from '../../lib/backup/unpack.ts';
import { HubError } from '../../lib/errors.ts';
import { type Content, contentOf } from '../../lib/odoo/content.ts';
import { databaseExists } from '../../lib/odoo/databases.ts';
import {
	dropByManager,
	type ManagerAddress,
	managerPage,
	openManagerBackup,
	restoreByManager,
} from '../../lib/odoo/manager.ts';
import { neutralizeDirectly } from '../../lib/odoo/neutralize.ts';
import { type DirectTarget, dropDirectly } from '../../lib/odoo/restore-direct.ts';
import type { BackupTarget } from './target.ts';

/** Beside the clinic's own; whoever finds one that was left behind knows whose it is. */
const PREFIX = 'acceptance-test-';
const SUFFIX_BYTES = 4;

export class OdooDatabases {
	readonly #odoo: BackupTarget['odoo'];
	readonly #signal: AbortSignal;

	constructor(odoo: BackupTarget['odoo'], signal: AbortSignal) {
		this.#odoo = odoo;
		this.#signal = signal;
	}

	/** How restoring is done. */
	get byManager(): boolean {
		return this.#odoo.masterPassword !== undefined;
	}

	/** @throws HubError `ODOO_DATABASE_UNKNOWN`, or why Odoo does not answer */
	async requireSource(): Promise<void> {
		if (await this.exists(this.#odoo.database)) return;
		throw new HubError('ODOO_DATABASE_UNKNOWN', `Odoo has no database ${this.#odoo.database} (ODOO_DATABASE).`);
	}

	async exists(database: string): Promise<boolean> {
		const { url, masterPassword } = this.#odoo;
		if (masterPassword === undefined) return databaseExists(this.#place(database).postgres);
		return (await managerPage(url, this.#signal)).databases.includes(database);
	}

	/** Rows and attachments: asked of PostgreSQL and the filestore, or where those are not reached, of a backup by the manager. */
	async count(database = this.#odoo.database): Promise<Content> {
		if (this.#odoo.direct) {
			const { postgres, filestore } = this.#place(database);
			return contentOf(postgres, filestore, this.#signal);
		}
		const signal = this.#signal;
		const stream = await openManagerBackup(this.#manager, { database, format: 'zip', signal });
		const { tables, attachments } = await proveZip(stream, { startedAt: Date.now(), signal });
		return { tables, attachments };
	}

	/** A name that is free. */
	scratchName(): string {
		return `${PREFIX}${randomBytes(SUFFIX_BYTES).toString('hex')}`;
	}

	/** Neutralised: no mail, no jobs. @param plain decrypted */
	async restore(database: string, plain: AsyncIterable<Buffer>, record: BackupRecord): Promise<void> {
		const signal = this.#signal;
		if (this.byManager) {
			return restoreByManager(this.#manager, { database, file: plain, size: record.plainSize, signal });
		}
		const place = this.#place(database);
		await restoreDirectly(plain, place, {
			format: record.format,
			comment: 'Made by an acceptance test, which removes it.',
		});
		await neutralizeDirectly(place.postgres, undefined, signal);
	}

	/** Also while the test is being cancelled: what was restored holds everybody's data. */
	async drop(database: string): Promise<void> {
		if (this.byManager) return dropByManager(this.#manager, database);
		await dropDirectly({ ...this.#place(database), signal: undefined });
	}

	get #manager(): ManagerAddress {
		return { url: this.#odoo.url, masterPassword: this.#odoo.masterPassword ?? '' };
	}

	#place(database: string): DirectTarget {
		const { direct } = this.#odoo;
		if (!direct) throw new HubError('CONFIG_INVALID', 'ODOO_PG_HOST and ODOO_FILESTORE are not set.');
		return { postgres: { ...direct.postgres, database }, filestore: direct.filestore, signal: this.#signal };
	}
}
