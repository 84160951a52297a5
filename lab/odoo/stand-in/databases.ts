/** The stand-in's databases: the clinic's own, and those that were restored beside it. */
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { PYTHON } from '../source.ts';
import { attachments, dumpText, MAIL_SERVERS, MODULES, PARAMETERS } from './dump.ts';
import type { Records } from './records.ts';

const run = promisify(execFile);
const ARCHIVE = path.join(import.meta.dirname, 'archive.py');
/** The archiver's exit code for what is no zip. */
const NO_ZIP = 3;

/**
 * What pg_dump made of `dumpText` in its custom format, uncompressed, so that the database's id can be exchanged in it: no
 * other program writes that format. `test/integration/odoo-manager-stand-in.test.ts` holds it to be a whole dump.
 */
const CUSTOM = path.join(import.meta.dirname, 'clinica.dump');
const CUSTOM_UUID = '00000000-0000-4000-8000-000000000000';
const UUID = /(?<=\tdatabase\.uuid\t)[0-9a-f-]{36}/;

/** What the manager answers when it was asked for something that cannot be. */
export class ManagerError extends Error {}

export class Databases {
	readonly #directory: string;
	readonly #own: string;
	readonly #records: Records;

	/** @param own the database that the records are */
	constructor(directory: string, own: string, records: Records) {
		this.#directory = path.join(directory, 'databases');
		this.#own = own;
		this.#records = records;
	}

	list(): string[] {
		const restored = existsSync(this.#directory)
			? readdirSync(this.#directory).filter((name) => !name.startsWith('.'))
			: [];
		return [this.#own, ...restored].toSorted();
	}

	/** The whole file, as the manager holds a zip before it sends it. @throws ManagerError */
	async backup(name: string, format: string): Promise<Buffer> {
		if (!this.list().includes(name)) throw new ManagerError(`Database '${name}' is not known`);
		const work = await this.#workplace();
		try {
			const folder = path.join(work, 'backup');
			await this.#layOut(name, folder);
			const uuid = UUID.exec(await readFile(path.join(folder, 'dump.sql'), 'utf8'))?.[0] ?? CUSTOM_UUID;
			if (format !== 'zip')
				return Buffer.from(readFileSync(CUSTOM).toString('latin1').replace(CUSTOM_UUID, uuid), 'latin1');
			await writeFile(path.join(folder, 'manifest.json'), JSON.stringify(manifest(name), null, 4));
			const file = path.join(work, 'backup.zip');
			await run(PYTHON, [ARCHIVE, 'pack', folder, file]);
			return await readFile(file);
		} finally {
			await rm(work, { recursive: true, force: true });
		}
	}

	/** Leaves an empty database where it fails, as Odoo does. @throws ManagerError */
	async restore(
		name: string,
		file: Buffer,
		{ copy, neutralize }: { copy: boolean; neutralize: boolean },
	): Promise<void> {
		if (this.list().includes(name)) throw new ManagerError('Database already exists');
		const work = await this.#workplace();
		try {
			const folder = path.join(work, 'restored');
			await mkdir(folder);
			await mkdir(path.join(this.#directory, name));
			const given = path.join(work, 'given');
			await writeFile(given, file);
			const place = path.join(folder, 'dump.sql');
			await unpack(given, folder, place);
			let text = await readFile(place, 'utf8');
			if (copy) text = text.replace(UUID, randomUUID());
			if (neutralize) text = neutralized(text);
			await writeFile(place, text);
			await cp(folder, path.join(this.#directory, name), { recursive: true });
		} finally {
			await rm(work, { recursive: true, force: true });
		}
	}

	/** One that is not there is no error, as with Odoo. */
	async drop(name: string): Promise<void> {
		if (name === this.#own) throw new ManagerError(`The stand-in does not drop ${name}`);
		if (this.list().includes(name)) await rm(path.join(this.#directory, name), { recursive: true, force: true });
	}

	/** Changes a restored database by its dump. */
	async edit(name: string, change: (text: string) => string): Promise<void> {
		const place = path.join(this.#directory, name, 'dump.sql');
		await writeFile(place, change(await readFile(place, 'utf8')));
	}

	/** @throws Error as Odoo words it */
	async rename(from: string, to: string): Promise<true> {
		if (from === this.#own || !this.list().includes(from) || this.list().includes(to)) {
			throw new Error(`Couldn't rename database ${from} to ${to}: it does not exist, or the name is taken`);
		}
		await rename(path.join(this.#directory, from), path.join(this.#directory, to));
		return true;
	}

	async #layOut(name: string, folder: string): Promise<void> {
		if (name !== this.#own) {
			const place = path.join(this.#directory, name);
			// In one that is empty Odoo finds no table of its modules.
			if (readdirSync(place).length === 0) throw new ManagerError('relation "ir_module_module" does not exist');
			return cp(place, folder, { recursive: true });
		}
		await mkdir(folder);
		const files = attachments();
		await writeFile(path.join(folder, 'dump.sql'), dumpText(this.#records, files));
		for (const [file, content] of files) {
			const place = path.join(folder, 'filestore', file);
			await mkdir(path.dirname(place), { recursive: true });
			await writeFile(place, content);
		}
	}

	async #workplace(): Promise<string> {
		await mkdir(this.#directory, { recursive: true });
		return mkdtemp(path.join(this.#directory, '.work-'));
	}
}

/** What the manager was given, as SQL and files. @throws ManagerError in the words of Odoo */
async function unpack(given: string, folder: string, sql: string): Promise<void> {
	try {
		await run(PYTHON, [ARCHIVE, 'unpack', given, folder]);
	} catch (thrown) {
		const { code, stderr } = thrown as { code: number; stderr: string };
		if (code !== NO_ZIP) throw new ManagerError(stderr.trim());
		await run('pg_restore', ['--no-owner', `--file=${sql}`, given]).catch((failed: NodeJS.ErrnoException) => {
			const missing = failed.code === 'ENOENT';
			throw new ManagerError(missing ? 'Command `pg_restore` not found.' : "Couldn't restore database");
		});
	}
}

/** The rows that `base`'s neutralize.sql adds. */
function neutralized(text: string): string {
	const server = '9001\tneutralization - disable emails\t1025\tinvalid\tnone\tt\tlogin\n';
	const mark = '9001\tdatabase.is_neutralized\ttrue\n';
	return text.replace(MAIL_SERVERS, (line) => line + server).replace(PARAMETERS, (line) => line + mark);
}

function manifest(name: string): object {
	return {
		...{ odoo_dump: '1', db_name: name, version: '18.0-20250506', version_info: [18, 0, 0, 'final', 0, ''] },
		...{ major_version: '18.0', pg_version: '15.0', modules: MODULES },
	};
}
