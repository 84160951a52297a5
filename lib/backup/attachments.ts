/** Compares the files that a dump names with those that an archive holds, in whichever order the two arrive. */
import { createHash } from 'node:crypto';
import type { NamedFile } from './dump-tables.ts';
import type { EntrySink } from './zip-walker.ts';

export interface AttachmentsFound {
	/** Files that the dump names; several attachments may share one. */
	named: number;
	/** Of those: there, and hashing to their name. */
	stored: number;
	/** Not there, and written after the run began. Sorted, as are the others. */
	late: string[];
	/** Not there, and older; or not what their name says. */
	missing: string[];
	/** Of `missing`: there, with a content that does not hash to the name. */
	damaged: string[];
}

const FOLDER = 'filestore/';
/** Odoo names a file by the SHA-1 of its content, in a folder of the first two digits (`ir_attachment._get_path`). */
const BY_HASH = /^([0-9a-f]{2})\/(\1[0-9a-f]{38})$/;

/**
 * `write_date` is the beginning of the transaction that wrote it, and Odoo ends a request after 120 s
 * (`limit_time_real`): what was written this long before the run may have been committed after it began. In ms.
 */
const TRANSACTION_MS = 120_000;

/** Memory: the names that were seen on one side only. */
export class Attachments {
	readonly #lateFrom: number;
	/** Named and not seen yet; true when written late. */
	readonly #awaited = new Map<string, boolean>();
	/** Seen before the dump named them. */
	readonly #early = new Set<string>();
	readonly #damaged = new Set<string>();
	#stored = 0;
	#dumpRead = false;

	/** @param startedAt when the run began, ms since 1970 */
	constructor(startedAt: number) {
		this.#lateFrom = startedAt - TRANSACTION_MS;
	}

	name({ name, writtenAt }: NamedFile): void {
		const late = writtenAt !== undefined && writtenAt >= this.#lateFrom;
		this.#awaited.set(name, late || (this.#awaited.get(name) ?? false));
	}

	/** After the last `name`. */
	dumpRead(): void {
		this.#dumpRead = true;
		for (const name of this.#early) if (this.#awaited.delete(name)) this.#stored++;
		this.#early.clear();
	}

	/** Takes the content of an entry; undefined when it is no file of the filestore. */
	open(entryName: string): EntrySink | undefined {
		if (!entryName.startsWith(FOLDER) || entryName.endsWith('/')) return undefined;
		const name = entryName.slice(FOLDER.length);
		const expected = BY_HASH.exec(name)?.[2];
		if (expected === undefined) return { write: () => undefined, end: () => this.#seen(name) };
		const hash = createHash('sha1');
		return {
			write: (chunk) => hash.update(chunk),
			end: () => {
				if (hash.digest('hex') === expected) this.#seen(name);
				else this.#damaged.add(name);
			},
		};
	}

	found(): AttachmentsFound {
		const awaited = [...this.#awaited].toSorted(([a], [b]) => (a < b ? -1 : 1));
		const isLate = ([name, late]: [string, boolean]) => late && !this.#damaged.has(name);
		const names = (list: [string, boolean][]) => list.map(([name]) => name);
		const missing = names(awaited.filter((entry) => !isLate(entry)));
		return {
			named: this.#stored + awaited.length,
			stored: this.#stored,
			late: names(awaited.filter(isLate)),
			missing,
			damaged: missing.filter((name) => this.#damaged.has(name)),
		};
	}

	#seen(name: string): void {
		if (!this.#dumpRead) this.#early.add(name);
		else if (this.#awaited.delete(name)) this.#stored++;
	}
}
