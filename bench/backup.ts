/** Backups: from Odoo's answer to the file in the spool, from there to Drive, and past Odoo's manager. */
import { build } from './backup/built.ts';
import { direct } from './backup/direct.ts';
import { making } from './backup/making.ts';
import { uploading } from './backup/uploading.ts';
import type { Bench } from './measure.ts';

const bench: Bench = async function* (options) {
	await build();
	yield* making(options);
	yield* uploading(options);
	yield* direct(options);
};

export default bench;
