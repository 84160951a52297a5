/** How the backups of a node are, in words and numbers. */

import type { BackupsState } from '../../lib/backup/backup-events.ts';
import { HUB_ERROR_CODES } from '../../lib/errors.ts';
import { type Phrase, shared } from '../runtime/phrase.ts';
import type { Tone } from '../runtime/status.ts';

const KILOBYTE = 1_000;
const MEGABYTE = 1_000_000;
const PERCENT = 100;

/** More than that is not said of an estimate by the last backup's size. */
const ALMOST_DONE = 99;

export function backupStatus({ running, last }: BackupsState): { tone: Tone; phrase: Phrase } {
	const say = (tone: Tone, key: string, values: Phrase['values'] = {}) => ({
		tone,
		phrase: { key: `odoo-backup.status.${key}`, values },
	});
	if (running) {
		const { database, progress, expectedBytes } = running;
		if (!progress || progress.phase === 'waiting') return say('busy', 'waiting', { database });
		const { bytes, bytesPerSecond } = progress;
		const values = { database, size: inWords(bytes), rate: inWords(bytesPerSecond) };
		if (!expectedBytes) return say('busy', 'receiving', values);
		const percent = Math.min(ALMOST_DONE, Math.floor((bytes / expectedBytes) * PERCENT));
		return say('busy', 'receivingOf', { ...values, percent });
	}
	const failed = last.find(({ outcome }) => outcome !== 'complete' && outcome !== 'incomplete');
	if (failed) {
		const { database, outcome } = failed;
		const code = HUB_ERROR_CODES.find((known) => known === failed.code);
		const reason = code ? shared(`error.${code}`) : { key: `odoo-backup.outcome.${outcome}` };
		return say('waiting', 'failed', { database, reason });
	}
	const incomplete = last.find(({ outcome }) => outcome === 'incomplete');
	if (incomplete) return say('waiting', 'incomplete', { database: incomplete.database });
	const [newest] = last.toSorted((a, b) => b.finishedAt - a.finishedAt);
	if (!newest) return say('ready', 'ready');
	// Local time without its zone: a status has little room, and the editor's people know where the clinic is.
	const at = new Date(newest.finishedAt).toLocaleString('sv-SE', { dateStyle: 'short', timeStyle: 'short' });
	return say('ready', 'done', { database: newest.database, size: inWords(newest.bytes), at });
}

/** Megabytes with one digit behind the point below ten; less than one in kilobytes. The units are those of both languages. */
function inWords(bytes: number): string {
	if (bytes < MEGABYTE) return `${Math.ceil(bytes / KILOBYTE)} kB`;
	const value = bytes / MEGABYTE;
	return `${value < 10 ? value.toFixed(1) : Math.round(value)} MB`;
}
