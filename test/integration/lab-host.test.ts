/** The clinic on another address than 127.0.0.1: what is opened, under which name, and that the editor is not. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { networkInterfaces, tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { acceptBackup } from '../../lab/acceptance/backup.ts';
import { BackupFlow } from '../../lab/acceptance/backup-flow.ts';
import { HubSession } from '../../lab/acceptance/hub.ts';
import { acceptMessaging } from '../../lab/acceptance/messaging.ts';
import { Steps } from '../../lab/acceptance/steps.ts';
import { TESTS, targetsFrom } from '../../lab/acceptance/target.ts';
import { Lab } from '../../lab/lab.ts';
import { canConnect } from '../../lab/ports.ts';
import { allSystems, chosenSystems } from '../../lab/systems.ts';
import { createAgeKey } from '../../lib/backup/age-keys.ts';
import { managerPage } from '../../lib/odoo/manager.ts';

/** Keycloak has a test of its own, for it takes longest to start. */
const OTHERS = allSystems({})
	.map(({ name }) => name)
	.filter((name) => name !== 'keycloak');

async function labOn(t: TestContext, host: string, only: string[] = OTHERS): Promise<Lab> {
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const systems = chosenSystems(allSystems({}), only);
	const lab = await Lab.open({ systems, directory, host, ports: 'free', language: 'en' });
	t.after(() => lab.stop());
	await lab.start();
	return lab;
}

async function assertPage(url: string): Promise<void> {
	const { status } = await fetch(url, { headers: { accept: 'text/html' } });
	assert.equal(status, 200, url);
}

/** Every port answers where it is said to be, and only there. */
async function assertListening(lab: Lab, other: string): Promise<void> {
	for (const { system, name, host, port } of lab.ports) {
		assert.ok(await canConnect(host, port), `${system}.${name}`);
		await assert.rejects(canConnect(other, port), { code: 'ECONNREFUSED' }, `${system}.${name} on ${other}`);
	}
}

test('on another address of the machine the clinic is accepted, its table names that one, and what anybody could write to stays', async (t) => {
	const lab = await labOn(t, '127.0.0.2');
	const hosts = lab.addresses.map(({ url }) => new URL(url).hostname);
	const names = lab.addresses.map(({ what }) => what.en);
	assert.deepEqual(
		names.filter((_, index) => hosts[index] === 'localhost'),
		['Google Drive (a stand-in, not Google)', 'Flow editor (Node-RED)', "Alarms (the hub's notices by webhook)"],
	);
	assert.deepEqual([...new Set(hosts)].toSorted(), ['127.0.0.2', 'localhost']);
	const editor = lab.ports.find(({ name }) => name === 'editor');
	assert.ok(editor && (await canConnect('127.0.0.1', editor.port)));
	await assert.rejects(canConnect('127.0.0.2', editor.port), { code: 'ECONNREFUSED' });
	await assertListening(lab, '127.0.0.3');
	for (const { url } of lab.addresses) await assertPage(url);

	const lines: string[] = [];
	const steps = new Steps('en', (line) => void lines.push(line));
	const { mail, backup } = targetsFrom(lab.variables, { tests: TESTS, lab: false, language: 'en' });
	assert.ok(mail && backup);
	const scenario = { steps, language: 'en', signal: t.signal } as const;
	await acceptMessaging({ target: mail, ...scenario }).catch(() => assert.fail(lines.join('\n')));
	assert.match(lab.variables.ODOO_URL ?? '', /^http:\/\/127\.0\.0\.2:/);

	await t.test('a backup that the given key does not open fails; schedule and databases are as before', async () => {
		const flow = () => BackupFlow.find(new HubSession(backup.hub));
		const { crontab } = await flow();
		const databases = async () => (await managerPage(backup.odoo.url)).databases;
		const before = await databases();
		const { identity: recoveryKey } = await createAgeKey();
		await assert.rejects(acceptBackup({ target: { ...backup, recoveryKey }, ...scenario }), { code: 'KEY_INVALID' });
		const failed = lines.findIndex((line) => line.startsWith('✗'));
		assert.match(lines[failed] ?? '', /^✗ The stock program age opens it.*\n {2}KEY_INVALID: age ended with 1: /s);
		assert.equal(failed, lines.length - 1, lines.join('\n'));
		assert.equal((await flow()).crontab, crontab);
		assert.deepEqual(await databases(), before);
	});
});

test('on ::1 broker and inbox answer at the addresses that are told, in brackets', async (t) => {
	const all = Object.values(networkInterfaces()).flat();
	if (!all.some((one) => one?.address === '::1')) return t.skip('this machine has no IPv6');
	const lab = await labOn(t, '::1', ['rabbitmq', 'inbox']);
	for (const { url } of lab.addresses) {
		assert.match(url, /^http:\/\/\[::1\]:\d+$/);
		await assertPage(url);
	}
	await assertListening(lab, '127.0.0.2');
});
