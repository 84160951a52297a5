/** `npm run accept` against a deployment that variables name. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startHttp } from '../servers/http.ts';

const accept = path.resolve(import.meta.dirname, '../../lab/accept.ts');

/** Runs it with these variables of the product and no others. */
async function run(
	variables: Record<string, string>,
	...args: string[]
): Promise<{ said: string; code: number | null }> {
	const own = Object.entries(process.env).filter(([name]) => !/^(HUB|ODOO|AMQP|SMTP|DRIVE)_/.test(name));
	const env = { ...Object.fromEntries(own), LANG: 'en_US.UTF-8', LC_ALL: '', ...variables };
	const child = spawn(process.execPath, [accept, ...args], { env, stdio: ['ignore', 'pipe', 'inherit'] });
	const [said, code] = await Promise.all([
		text(child.stdout),
		new Promise<number | null>((resolve) => child.once('exit', resolve)),
	]);
	return { said, code };
}

test('variables that a deployment must set and does not are named, all of them', async () => {
	const { said, code } = await run({ HUB_URL: 'http://127.0.0.1:9', ODOO_URL: 'http://127.0.0.1:9', ODOO_USER: 'ana' });
	const mail =
		'ODOO_DATABASE, ODOO_PASSWORD, AMQP_MANAGEMENT_URL, AMQP_ADMIN_USER, AMQP_ADMIN_PASSWORD, SMTP_INBOX_URL';
	const backup =
		'DRIVE_SERVICE_ACCOUNT, DRIVE_FOLDER, ODOO_MASTER_PASSWORD, HUB_BACKUP_VERIFYING_KEYS, HUB_ACCEPT_RECOVERY_KEY';
	const missing = (names: string) =>
		new RegExp(`^To accept a deployment these variables are missing: ${names}\\. Without HUB_URL the lab`, 'm');
	assert.match(said, missing(`${mail}, ${backup}`));
	assert.equal(code, 1);
	const one = (name: string) =>
		run({ HUB_URL: 'http://127.0.0.1:9', ODOO_URL: 'http://127.0.0.1:9', ODOO_USER: 'ana' }, name);
	assert.match((await one('mail')).said, missing(mail));
	assert.match((await one('backup')).said, missing(backup.replace('DRIVE_FOLDER', 'DRIVE_FOLDER, ODOO_DATABASE')));
});

test('a test that there is not is named, with those that there are', async () => {
	const { said, code } = await run({}, 'bakup');
	assert.match(said, /^bakup: there is nothing of that name here; there are backup, mail$/m);
	assert.equal(code, 1);
});

test('secrets come from files as in the hub; a step that fails says why and ends it with code 1', async (t) => {
	const directory = await mkdtemp(path.join(tmpdir(), 'deployment-'));
	t.after(() => rm(directory, { recursive: true }));
	const file = path.join(directory, 'password');
	await writeFile(file, 'geheim-ñ\n');
	await using odoo = await startHttp(() => ({ body: '{"result": false}' }));
	const url = `http://127.0.0.1:${odoo.port}`;
	const { said, code } = await run(
		{
			HUB_URL: url,
			ODOO_URL: `${url}/`,
			ODOO_DATABASE: 'clinica',
			ODOO_USER: 'ana',
			ODOO_PASSWORD_FILE: file,
			AMQP_MANAGEMENT_URL: url,
			AMQP_ADMIN_USER: 'admin',
			AMQP_ADMIN_PASSWORD_FILE: file,
			SMTP_INBOX_URL: url,
		},
		'mail',
	);
	const [request] = odoo.requests;
	assert.equal(request?.path, '/jsonrpc');
	assert.deepEqual(JSON.parse(request?.body ?? '').params.args, ['clinica', 'ana', 'geheim-ñ', {}]);
	assert.match(said, /^✗ Odoo, broker, hub and inbox answer .*\n {2}FORBIDDEN: Odoo refuses ana in database clinica$/m);
	assert.match(said, /^0 steps hold, then one fails\.$/m);
	assert.ok(!said.includes('geheim'));
	assert.equal(code, 1);
});

test('a file that cannot be read is named with its variable', async () => {
	const { said, code } = await run({ HUB_URL: 'http://127.0.0.1:9', ODOO_PASSWORD_FILE: '/nonexistent/password' });
	assert.match(said, /ODOO_PASSWORD_FILE/);
	assert.equal(code, 1);
});
