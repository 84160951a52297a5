/** `clinic-hub` against Drive's stand-in: what lies in the folder, a backup on its way there and back. */

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { KEY_FILES } from '../../cli/keys.ts';
import { BackupEvidence } from '../../lib/backup/evidence.ts';
import { readKeys } from '../../lib/backup/keys.ts';
import { recordFileName } from '../../lib/backup/record.ts';
import { markState } from '../../lib/drive/files.ts';
import { openStore } from '../../lib/store/store.ts';
import { clinic, consentAt } from '../command-clinic.ts';
import { plantFile } from '../plant-file.ts';
import type { DriveServer } from '../servers/drive.ts';
import { startPostgresql } from '../servers/postgresql.ts';
import { type SignedFile, signedFile } from '../unit/backup/signed-file.ts';
import { run } from '../unit/cli/console.ts';

/** Uploads a file with its record as the hub does, beside what the test changes. */
async function lay(
	{ drive }: { drive: DriveServer },
	{ file, content, record }: SignedFile,
	name = path.basename(file),
) {
	await plantFile(drive, 'record', recordFileName(name), await readFile(recordFileName(file)), record.id);
	return plantFile(drive, 'backup', name, content, record.id);
}

test('a backup goes to the folder, is listed as one that counts, and comes back as it was', async (t) => {
	const { command, drive, odoo, environment, identity, proven } = await clinic(t);
	assert.equal((await proven()).exit, 0);
	const made = await command('backup', '--database', 'clinica', '--json');
	assert.equal(made.exit, 0, made.errors);
	assert.equal(drive.files().length, 2);
	assert.deepEqual(await readdir(path.join(environment['HUB_USER_DIR'] ?? '', 'spool')), []);

	const listed = await command('backups', '--json');
	assert.equal(listed.exit, 0, listed.errors);
	const [backup] = listed.json['backups'] as { standing: string; name: string; database: string }[];
	assert.deepEqual([backup?.standing, backup?.database], ['counts', 'clinica']);
	assert.match((await command('backups')).output, /counts +clinica_.*\.zip\.age\n$/);

	const checked = await command('keys', 'check', '--identity', identity, '--json');
	assert.deepEqual([checked.exit, checked.json['file']], [0, backup?.name]);

	const restored = await run(['restore', 'newest', '--into', 'nueva', '--identity', identity, '--admin', 'admin'], {
		...{ environment, input: 'admin\n' },
	});
	assert.equal(restored.exit, 0, restored.errors);
	assert.match(restored.output, /full synchronisation of users with Keycloak/);
	assert.match(restored.output, /Sessions of the time of the backup have ended/);
	// The same database in every row, the id of the database and all attachments included: no copy, not neutralised.
	assert.deepEqual(await odoo.content('nueva'), await odoo.content('clinica'));
});

test('of several databases one that fails keeps no other from the folder, and is named', async (t) => {
	const { command, drive, odoo, proven } = await clinic(t);
	assert.equal((await proven()).exit, 0);
	await odoo.databases.restore('norte', await odoo.databases.backup('clinica', 'zip'), {
		copy: true,
		neutralize: false,
	});
	const asked = ['backup', '--database', 'clinica', '--database', 'sur', '--database', 'norte', '--json'];
	const made = await command(...asked);
	assert.equal(made.exit, 6, made.errors);
	assert.match(made.errors, /1 of 3 databases: sur: /);
	assert.partialDeepStrictEqual(made.json, {
		...{ ok: false, exit: 6, code: 'ODOO_DATABASE_UNKNOWN' },
		backups: [
			{ database: 'clinica', spooled: null },
			{ database: 'norte', spooled: null },
		],
		failed: [{ database: 'sur', code: 'ODOO_DATABASE_UNKNOWN' }],
	});
	assert.equal(drive.files().length, 4);

	// One file that Drive spoils each time: its record is the first, and small.
	drive.drive.faults.add('last', { kind: 'spoil' }, 3);
	const spoiled = await command('backup', '--database', 'clinica', '--database', 'norte', '--json');
	const [first, second] = spoiled.json['backups'] as { spooled: string | null; file: string | null }[];
	assert.deepEqual(spoiled.json['failed'], [
		{
			database: 'clinica',
			code: 'DRIVE_MISMATCH',
			message: (spoiled.json['failed'] as { message: string }[])[0]?.message,
		},
	]);
	assert.ok(first?.spooled && !first.file && second?.file && !second.spooled);
	assert.notEqual(spoiled.exit, 0);
});

test('nobody backs up before the recovery key was proven', async (t) => {
	const { command, drive } = await clinic(t);
	const { exit, errors } = await command('backup');
	assert.equal(exit, 5);
	assert.match(errors, /Nobody has decrypted a test file/);
	assert.equal(drive.files().length, 0);
});

test('a database is replaced only after its name was typed', async (t) => {
	const { command, environment, odoo, identity, proven } = await clinic(t);
	await proven();
	assert.equal((await command('backup')).exit, 0);
	const over = (input: string) =>
		run(['restore', 'newest', '--into', 'nueva', '--identity', identity], { environment, input });
	const first = await over('');
	assert.deepEqual([first.exit, /may still be open and waiting mails may be sent/.test(first.output)], [0, true]);
	await odoo.databases.drop('nueva');
	await odoo.databases.restore('nueva', await odoo.databases.backup('clinica', 'zip'), {
		copy: true,
		neutralize: true,
	});
	const before = await odoo.content('nueva');
	const refused = await over('clinica\n');
	assert.equal(refused.exit, 2);
	assert.match(refused.errors, /type its name/);
	assert.deepEqual(await odoo.content('nueva'), before);
	assert.equal((await over('nueva\n')).exit, 0);
	assert.deepEqual(await odoo.content('nueva'), await odoo.content('clinica'));
});

test('what is planted, renamed or signed by somebody else is named as such and never restored', async (t) => {
	const context = await clinic(t);
	const { command, directory, environment, odoo, identity } = context;
	const keys = await readKeys(environment);
	const empty = await command('backups');
	assert.equal(empty.exit, 6);
	assert.match(empty.output, /No backup lies in the folder/);

	// Encrypted to the clinic's own public key, which is no secret, and signed by whoever did it.
	const foreignKeys = path.join(directory, 'foreign');
	await run(['keys', 'create', '--out', foreignKeys]);
	const lines = (await readFile(path.join(foreignKeys, KEY_FILES.hub), 'utf8')).match(/clinic-hub-sign-[\w-]+/);
	const plant = await signedFile(directory, { ...keys, signing: lines?.[0] ?? '' });
	const planted = await lay(context, plant);
	const renamed = await signedFile(directory, keys, { id: '21111111-2222-4333-8444-555555555555' });
	const moved = path.join(directory, 'clinica_2027-01-01T03-00-00Z.zip.age');
	await writeFile(moved, renamed.content);
	await writeFile(recordFileName(moved), await readFile(recordFileName(renamed.file)));
	const redated = await lay(context, { ...renamed, file: moved });

	const { exit, output, json } = await command('backups', '--json');
	assert.equal(exit, 6, output);
	const standings = (json['backups'] as { file: string; standing: string }[]).map(({ file, standing }) => [
		file,
		standing,
	]);
	assert.deepEqual(Object.fromEntries(standings), { [planted.id]: 'unsigned', [redated.id]: 'altered' });
	assert.match((await command('backups')).output, /NONE OF THEM COUNTS/);
	for (const id of [planted.id, redated.id]) {
		const restored = await command('restore', id, '--into', 'nueva', '--identity', identity);
		assert.equal(restored.exit, 4, restored.errors);
		assert.match(restored.errors, /Nothing of it was opened/);
	}
	assert.equal((await command('restore', 'newest', '--into', 'nueva', '--identity', identity)).exit, 6);
	assert.deepEqual(odoo.databases.list(), ['clinica']);
});

test('a backup that lacks files is the newest for a restore only once a person accepted their names', async (t) => {
	const context = await clinic(t);
	const { command, directory, drive, environment, identity, odoo } = context;
	const startedAt = new Date();
	const times = { startedAt: startedAt.toISOString(), finishedAt: new Date(startedAt.getTime() + 1_000).toISOString() };
	const missing = [`ab/ab${'0'.repeat(38)}`, `cd/cd${'0'.repeat(38)}`];
	const attachments = { named: 1, stored: 1, late: [], missing };
	const backup = await signedFile(directory, await readKeys(environment), { ...times, attachments });
	await markState(await drive.service(), (await lay(context, backup)).id, 'verified');
	const restore = () => command('restore', 'newest', '--into', 'nueva', '--neutralize', '--identity', identity);
	const accept = async (...names: string[]) => {
		const store = await openStore({ file: path.join(environment['HUB_USER_DIR'] ?? '', 'clinic-hub.sqlite') });
		await (await BackupEvidence.open(store)).acceptMissing(backup.record.databaseUuid, names);
		await store.close();
	};
	const refused = await restore();
	assert.deepEqual([refused.exit, /incomplete/.test(refused.errors)], [6, true], refused.errors);
	await accept(missing[0] ?? '');
	assert.equal((await restore()).exit, 6);
	await accept(...missing);
	const restored = await restore();
	assert.equal(restored.exit, 0, restored.errors);
	assert.deepEqual(odoo.databases.list(), ['clinica', 'nueva']);
});

test('a downloaded file is restored without Drive, and a missing key is said before Odoo is touched', async (t) => {
	const { directory, environment, odoo, identity } = await clinic(t);
	const { file, record } = await signedFile(directory, await readKeys(environment));
	const offline = { ...environment, DRIVE_API_URL: 'http://127.0.0.1:1' };
	const restore = (...args: string[]) =>
		run(['restore', '--file', file, '--into', 'nueva', '--neutralize', '--copy', ...args], { environment: offline });
	assert.equal((await restore()).exit, 5);
	assert.deepEqual(odoo.databases.list(), ['clinica']);
	assert.equal((await restore('--identity', identity)).exit, 0);
	const { databaseUuid, tables } = await odoo.content('nueva');
	assert.notEqual(databaseUuid, record.databaseUuid);
	assert.equal(tables['res_partner'], record.tables['res_partner']);
});

test('past the manager a backup is restored, compared to the row, and what was there is kept', async (t) => {
	const { command, directory, environment, identity, proven } = await clinic(t);
	await proven();
	assert.equal((await command('backup')).exit, 0);
	const server = await startPostgresql();
	t.after(() => server.stop());
	const { hostname, port, username, password } = new URL(await server.database());
	const direct = {
		...environment,
		ODOO_PG_HOST: hostname,
		ODOO_PG_PORT: port,
		ODOO_PG_USER: username,
		ODOO_PG_PASSWORD: decodeURIComponent(password),
		ODOO_FILESTORE: path.join(directory, 'filestore'),
	};
	await mkdir(direct.ODOO_FILESTORE);
	const restore = (input: string, ...more: string[]) =>
		run(['restore', 'newest', '--direct', '--into', 'nueva', '--identity', identity, '--json', ...more], {
			environment: direct,
			input,
		});
	const first = await restore('');
	assert.equal(first.exit, 0, first.errors);
	assert.deepEqual([first.json['compared'], first.json['differences'], first.json['kept']], [true, [], null]);
	assert.equal((first.json['safeguards'] as { sessionsEnded: boolean }).sessionsEnded, true);
	assert.equal((await restore('clinica')).exit, 2);
	const second = await restore('nueva', '--neutralize');
	assert.equal(second.exit, 0, second.errors);
	const kept = String(second.json['kept']);
	assert.match(kept, /^nueva-before-/);
	const names = (await server.execute('select datname from pg_database')).map(({ datname }) => datname);
	assert.ok(names.includes('nueva') && names.includes(kept) && !names.some((name) => /restored/.test(String(name))));
	assert.deepEqual((await readdir(direct.ODOO_FILESTORE)).toSorted(), ['nueva', kept]);
	// Something strange lies in its place: what was restored stays beside it, where Odoo does not see it.
	await mkdir(path.join(direct.ODOO_FILESTORE, 'otra', 'ab'), { recursive: true });
	const blocked = await run(['restore', 'newest', '--direct', '--into', 'otra', '--identity', identity], {
		environment: direct,
	});
	const [, beside = ''] = /What was restored is there as “(otra-restored-[0-9a-f]{12})”/.exec(blocked.errors) ?? [];
	assert.deepEqual([blocked.exit, beside !== ''], [3, true], blocked.errors);
	const states = "select datname, datistemplate from pg_database where datname ~ 'restored|nueva' order by 1";
	assert.deepEqual(await server.execute(states), [
		{ datname: 'nueva', datistemplate: false },
		{ datname: kept, datistemplate: true },
		{ datname: beside, datistemplate: true },
	]);
	const missing = await run(['restore', 'newest', '--direct', '--into', 'nueva', '--identity', identity], {
		environment,
	});
	assert.deepEqual([missing.exit, /ODOO_PG_HOST/.test(missing.errors)], [2, true]);
});

test('a consent given on a workstation is kept, encrypted, for what comes after', async (t) => {
	const { environment, drive, identity, proven } = await clinic(t);
	await proven();
	const { desktop } = drive.google;
	const { DRIVE_SERVICE_ACCOUNT_FILE: _, DRIVE_FOLDER: __, ...others } = environment;
	const consented = { ...others, DRIVE_CLIENT_ID: desktop.id, DRIVE_CLIENT_SECRET: desktop.secret };
	const before = await run(['backups'], { environment: consented });
	assert.equal(before.exit, 2);
	assert.match(before.errors, /Run "clinic-hub drive connect"/);

	let browsing: Promise<void> | undefined;
	const connected = await run(['drive', 'connect'], {
		environment: { ...consented, LANG: 'es_CL.UTF-8' },
		onErrors: (text) => {
			const start = /http:\/\/127\.0\.0\.1:\d+\/start/.exec(text)?.[0];
			if (start) browsing = consentAt(start);
		},
	});
	await browsing;
	assert.equal(connected.exit, 0, connected.errors);
	assert.match(connected.output, /Conectado\. Las copias van a la carpeta «Respaldos»/);

	assert.equal((await run(['backup'], { environment: consented })).exit, 0);
	assert.equal((await run(['backups'], { environment: consented })).exit, 0);
	const store = await readFile(path.join(environment['HUB_USER_DIR'] ?? '', 'clinic-hub.sqlite'), 'latin1');
	assert.doesNotMatch(store, /refreshToken|refresh_token/);
	assert.match(store, /drive-consent/);
	const restored = await run(['restore', 'newest', '--into', 'nueva', '--identity', identity], {
		environment: consented,
	});
	assert.equal(restored.exit, 0, restored.errors);
});
