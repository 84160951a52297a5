import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { marked } from '../../lab/processes.ts';
import { allSystems } from '../../lab/systems.ts';
import { freeOffset } from '../free-offset.ts';

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '..', '..');

/** Every port of the clinic, with the real Odoo's database. */
const PORTS = allSystems({ ODOO_SRC: '/' }).flatMap((system) => Object.values(system.ports));

/** Another range than that of the demo's tests. */
const FIRST_OFFSET = 4_001;

/** Those of the backups, then those of the mail. */
const STEPS = 12 + 10;

/** What `npm run accept` prints, on a clinic of its own with the real Odoo of this source or, without one, its stand-in. */
async function accepted(t: TestContext, source: string): Promise<string> {
	const directory = await mkdtemp(path.join(tmpdir(), 'lab-'));
	t.after(() => rm(directory, { recursive: true, force: true }));
	const args = [
		'run',
		'-s',
		'accept',
		'--',
		'--no-install',
		// Keycloak takes longest to start, and no step concerns it.
		...['--only', 'node-red,odoo'],
		'--port-offset',
		String(await freeOffset(PORTS, FIRST_OFFSET)),
	];
	const env = {
		...process.env,
		HUB_LAB_DIR: directory,
		HUB_URL: '',
		ODOO_SRC: source,
		LANG: 'en_US.UTF-8',
		LC_ALL: '',
	};
	const { stdout } = await run('npm', args, { cwd: root, env });
	assert.deepEqual(await marked(directory), []);
	return stdout;
}

function assertAccepted(said: string): void {
	assert.equal(said.match(/^✓ /gm)?.length, STEPS, said);
	assert.match(said, new RegExp(`^${STEPS} steps hold\\.$`, 'm'));
	assert.match(said, /^✓ It lies in the folder beside the other: clinica_[\dTZ-]+\.zip\.age,/m);
	assert.match(
		said,
		/^✓ Rows and attachments are those of the source: \d\d+ of \d\d+ tables agree to the row.*; (\d\d+) of \1 files/m,
	);
}

test('the acceptance tests start the clinic, see every step hold, and leave nothing running', async (t) => {
	const said = await accepted(t, '');
	assertAccepted(said);
});

const source = process.env.ODOO_SRC ?? '';

test('the same steps hold with the real Odoo', {
	skip: source ? false : 'ODOO_SRC names no source of Odoo 18',
}, async (t) => {
	const said = await accepted(t, source);
	assertAccepted(said);
});
