/** Backups, from Odoo's answer to the file in the spool. */
import { making } from './backup/making.ts';
import type { Bench } from './measure.ts';

const bench: Bench = async function* (options) {
	yield* making(options);
};

export default bench;
