import assert from 'node:assert/strict';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { uploadFolders, uploadPath } from '../../../lib/backup/upload-folders.ts';

let root: string;
let folder: string;
before(async () => {
	root = await realpath(await mkdtemp(path.join(tmpdir(), 'clinic-hub-folders-')));
	folder = path.join(root, 'exports');
	await mkdir(folder);
	await mkdir(path.join(root, 'exports-of-others'));
	for (const name of ['secret.txt', 'exports/report.pdf', 'exports-of-others/x.txt'])
		await writeFile(path.join(root, name), 'x');
	await symlink(path.join(root, 'secret.txt'), path.join(folder, 'link.txt'));
});
after(() => rm(root, { recursive: true, force: true }));

test('a file of a listed folder is found by its whole path and by its name', async () => {
	for (const name of [path.join(folder, 'report.pdf'), 'report.pdf', './report.pdf'])
		assert.equal(await uploadPath(name, ['/nowhere', folder]), path.join(folder, 'report.pdf'));
});

test('a file outside is refused, by whatever way it is named', async () => {
	for (const name of [
		path.join(root, 'secret.txt'),
		'../secret.txt',
		`${folder}/../secret.txt`,
		path.join(root, 'exports-of-others', 'x.txt'),
		folder,
		path.join(root, 'missing.txt'),
		'/etc/passwd',
	])
		await assert.rejects(uploadPath(name, [folder]), { code: 'FORBIDDEN' }, name);
});

test('a link in a listed folder leads nowhere else', async () => {
	for (const name of ['link.txt', path.join(folder, 'link.txt')])
		await assert.rejects(uploadPath(name, [folder]), { code: 'FORBIDDEN' }, name);
});

test('without a listed folder no file of the machine is taken', async () => {
	await assert.rejects(uploadPath(path.join(folder, 'report.pdf'), []), {
		code: 'FORBIDDEN',
		message: 'Files of this machine are not uploaded unless HUB_UPLOAD_FOLDERS lists their folder.',
	});
});

test('what is missing in a listed folder is said to be missing', async () => {
	await assert.rejects(uploadPath('missing.pdf', [folder]), {
		code: 'NOT_FOUND',
		message: 'The file missing.pdf does not exist.',
	});
});

test('folders are whole paths, separated by commas', () => {
	assert.deepEqual(uploadFolders(' /a, /b/c ,'), ['/a', '/b/c']);
	assert.deepEqual(uploadFolders(undefined), []);
	assert.throws(() => uploadFolders('/a,b'), { code: 'CONFIG_INVALID', message: /"b" does not begin with/ });
});
