/** The dialog's part of proving the recovery key: a test file to decrypt, and the code that stood in it. */

import { HubError } from '../../lib/errors.ts';
import { adminRoute, type RouteRequest, textOf } from '../runtime/admin-route.ts';
import { hubOf } from '../runtime/hub.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { type Phrase, shared } from '../runtime/phrase.ts';
import { readScreen } from '../runtime/screen.ts';
import { backupNode } from './config.ts';

/** What the dialog shows. */
interface KeyAnswer {
	ok: boolean;
	phrase: Phrase;
	/** Base64 of the test file. */
	file?: string;
	/** When the key was proven last, milliseconds since 1970. */
	checkedAt?: number;
}

/** Whoever says that a key works lets backups begin: an administrator's right, beside the one to deploy. */
const PERMISSION = ['flows.write', 'clinic-hub.backup.check-key'];

const ON = /^(true|on|yes|1)$/i;

/** In a laboratory the published recovery key is accepted. */
export function demoKeysAllowed(): boolean {
	return ON.test(process.env['HUB_DEMO_KEYS'] ?? '');
}

/** Adds the routes. Call once. */
export function defineKeyProof(RED: NodeAPI): void {
	const route = (path: string, handle: (request: RouteRequest) => Promise<KeyAnswer>) =>
		adminRoute(RED, { method: 'post', path: `backup/${path}`, permission: PERMISSION, handle });
	route('key-file', (request) => keyFile(RED, request));
	route('key-code', (request) => keyCode(RED, request));
	route('key-state', (request) => keyState(RED, request));
}

/** The first recovery key and the signing key, as they stand in the dialog. */
function keysOf(RED: NodeAPI, body: RouteRequest['body']): { recipient: string; signing: string } | KeyAnswer {
	const screen = readScreen(RED, backupNode, body);
	if (!('config' in screen)) return { ok: false, phrase: shared('node.notReady', { problems: screen.problems }) };
	const [recipient] = screen.config.recovery;
	const { signing } = screen.secrets;
	if (recipient && signing) return { recipient, signing };
	throw new HubError('CONFIG_INVALID', 'Enter a recovery key and the signing key first.');
}

async function keyFile(RED: NodeAPI, { body }: RouteRequest): Promise<KeyAnswer> {
	const keys = keysOf(RED, body);
	if ('ok' in keys) return keys;
	const { proofFile } = await import('../../lib/backup/key-proof.ts');
	const file = await proofFile({ ...keys, now: Date.now() });
	return { ok: true, phrase: { key: 'odoo-backup.key.made' }, file: file.toString('base64') };
}

async function keyCode(RED: NodeAPI, { body, actor }: RouteRequest): Promise<KeyAnswer> {
	const keys = keysOf(RED, body);
	if ('ok' in keys) return keys;
	const { checkProof } = await import('../../lib/backup/key-proof.ts');
	const { BackupEvidence } = await import('../../lib/backup/evidence.ts');
	const hub = hubOf(RED);
	const record = (outcome: 'done' | 'refused') =>
		hub.audit({ action: 'backup.check-key', actor, subject: keys.recipient, outcome });
	const checkedAt = Date.now();
	try {
		checkProof(textOf(body['code']), { ...keys, now: checkedAt });
	} catch (thrown) {
		record('refused');
		if (thrown instanceof HubError && thrown.code === 'KEY_INVALID') {
			return { ok: false, phrase: { key: 'odoo-backup.key.wrong' } };
		}
		throw thrown;
	}
	const evidence = await BackupEvidence.open(await hub.store());
	await evidence.recordKeyCheck({ recipient: keys.recipient, checkedAt, backup: null });
	record('done');
	return { ok: true, phrase: { key: 'odoo-backup.key.works' }, checkedAt };
}

async function keyState(RED: NodeAPI, { body }: RouteRequest): Promise<KeyAnswer> {
	const keys = keysOf(RED, body);
	if ('ok' in keys) return keys;
	const { BackupEvidence } = await import('../../lib/backup/evidence.ts');
	const evidence = await BackupEvidence.open(await hubOf(RED).store());
	const check = await evidence.keyCheck(keys.recipient);
	if (!check) return { ok: false, phrase: { key: 'odoo-backup.key.unproven' } };
	return { ok: true, phrase: { key: 'odoo-backup.key.works' }, checkedAt: check.checkedAt };
}
