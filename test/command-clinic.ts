/** A clinic for tests of `clinic-hub`: Drive and Odoo as stand-ins, keys made by the command, and its variables. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { KEY_FILES } from '../cli/keys.ts';
import { PERSON } from '../lab/drive/clinic.ts';
import { proveZip } from '../lib/backup/proof.ts';
import { SCOPES } from '../lib/drive/scopes.ts';
import { startDrive } from './servers/drive.ts';
import { MASTER_PASSWORD, startTarget } from './servers/odoo-manager.ts';
import { pieces } from './unit/backup/proof-files.ts';
import { run } from './unit/cli/console.ts';

export async function clinic(t: TestContext) {
	const directory = await mkdtemp(path.join(tmpdir(), 'clinic-hub-command-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const drive = await startDrive();
	t.after(() => drive[Symbol.asyncDispose]());
	const odoo = await startTarget(t);
	/** What lies in a database, by the same proof that a backup has to pass. */
	const content = async (name: string) => {
		const file = pieces(await odoo.databases.backup(name, 'zip'));
		const { tables, databaseUuid, attachments } = await proveZip(file, { startedAt: Date.now() });
		return { tables, databaseUuid, attachments };
	};
	const keysDirectory = path.join(directory, 'keys');
	assert.equal((await run(['keys', 'create', '--out', keysDirectory])).exit, 0);
	const lines = (await readFile(path.join(keysDirectory, KEY_FILES.hub), 'utf8')).trim().split('\n');
	const environment: Record<string, string> = {
		HUB_USER_DIR: path.join(directory, 'hub'),
		ODOO_URL: odoo.url,
		ODOO_MASTER_PASSWORD: MASTER_PASSWORD,
		DRIVE_API_URL: drive.url,
		DRIVE_SERVICE_ACCOUNT_FILE: drive.google.keyFiles.uploader,
		DRIVE_FOLDER: `https://drive.google.com/drive/folders/${drive.google.folderId}`,
		...Object.fromEntries(lines.map((line) => [line.split('=', 1)[0] ?? '', line.slice(line.indexOf('=') + 1)])),
	};
	const identity = path.join(keysDirectory, KEY_FILES.recovery);
	const proven = () =>
		run(['keys', 'check', path.join(keysDirectory, KEY_FILES.test), '--identity', identity], { environment });
	return {
		directory,
		drive,
		odoo: { ...odoo, content },
		environment,
		identity,
		keysDirectory,
		proven,
		command: (...args: string[]) => run(args, { environment }),
	};
}

/** What a person does in a browser on the same machine: reads Google's page, allows, and is sent back. */
export async function consentAt(start: string): Promise<void> {
	const begun = await fetch(start, { redirect: 'manual' });
	const cookie = begun.headers
		.getSetCookie()
		.map((line) => line.split(';', 1)[0])
		.join('; ');
	const page = begun.headers.get('location') ?? '';
	const html = await (await fetch(page)).text();
	const form = new URLSearchParams({ decision: 'allow', account: PERSON, granted: SCOPES.own });
	for (const [, name = '', value = ''] of html.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)) {
		form.append(name, value.replaceAll('&amp;', '&'));
	}
	const url = new URL('/o/oauth2/v2/auth', page);
	const answer = await fetch(url, { method: 'POST', body: form, redirect: 'manual' });
	await fetch(answer.headers.get('location') ?? '', { headers: { cookie } });
}
