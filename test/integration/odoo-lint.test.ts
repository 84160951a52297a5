/** The addons under the lint of Odoo's community, by pylint-odoo from PyPI in a place of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { PYTHON } from '../../lab/odoo/source.ts';

const run = promisify(execFile);
const ADDONS = path.join(import.meta.dirname, '../../odoo-addon');

test('pylint-odoo finds nothing to complain about', async (t) => {
	const place = await mkdtemp(path.join(tmpdir(), 'clinic-hub-lint-'));
	t.after(() => rm(place, { recursive: true, force: true }));
	const options = { cwd: ADDONS, signal: t.signal };
	await run(PYTHON, ['-m', 'venv', place], options);
	const bin = (name: string) => path.join(place, 'bin', name);
	await run(bin('pip'), ['install', '--quiet', '--disable-pip-version-check', '-r', 'lint-requirements.txt'], options);
	const lint = (...files: string[]) =>
		run(
			bin('pylint'),
			['--rcfile=.pylintrc', '--disable=consider-merging-classes-inherited', '--jobs=2', ...files],
			options,
		).then(
			({ stdout }) => stdout,
			({ stdout }: { stdout: string }) => stdout,
		);
	const addons = globSync('*/__manifest__.py', { cwd: ADDONS }).map((file) => path.dirname(file));
	assert.ok(addons.length > 0);
	assert.equal(await lint(...addons), '');
	assert.match(await lint('readme.py', '--enable=all'), /readme\.py:\d+/, 'it complains where there is reason to');
});
