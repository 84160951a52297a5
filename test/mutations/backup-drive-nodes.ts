/** Protections of the nodes of Google Drive: what a flow may take from this machine, and who gives the hub an account. */
import type { Mutant } from './mutant.ts';

const folders = (name: string) => ({ file: 'test/unit/backup/upload-folders.test.ts', name });
const spool = (name: string) => ({ file: 'test/integration/backup-upload.test.ts', name });
const node = (name: string) => ({ file: 'test/unit/nodes/protections.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A link in a folder that may be uploaded from leads nowhere else',
		file: 'lib/backup/upload-folders.ts',
		find: 'return await realpath(file);',
		replace: 'await realpath(file);\n\t\treturn path.resolve(file);',
		test: folders('a link in a listed folder leads nowhere else'),
	},
	{
		protection: 'A flow takes files of listed folders only',
		file: 'lib/backup/upload-folders.ts',
		find: 'candidate.startsWith(root + path.sep)',
		replace: 'candidate.startsWith(root)',
		test: folders('a file outside is refused, by whatever way it is named'),
	},
	{
		protection: 'Without a listed folder a flow takes no file of the machine',
		file: 'lib/backup/upload-folders.ts',
		find: 'if (folders.length === 0) {',
		replace: 'if (folders.length === 0 && !path.isAbsolute(file)) {',
		test: folders('without a listed folder no file of the machine is taken'),
	},
	{
		protection: 'Files are taken, and removed, only for the claim check that the store knows',
		file: 'lib/backup/upload.ts',
		find: 'known !== undefined && known.file === claim.file && known.sha256 === claim.sha256',
		replace: 'known !== undefined',
		test: spool('a claim check that somebody changed removes nothing, and takes nothing from the machine'),
	},
	{
		protection: 'A file that an unknown claim check names is taken from listed folders only',
		file: 'lib/backup/upload.ts',
		find: 'const file = await uploadPath(claim.file, folders);',
		replace: 'const file = claim.file;',
		test: spool('a file that an unknown claim check names is taken from listed folders only'),
	},
	{
		protection: 'A backup that is nowhere any more does not count as made',
		file: 'lib/backup/upload.ts',
		find: 'if (own) await runs.spoolLost(claim.id, text);',
		replace: '',
		test: spool('a spooled file that is nowhere any more makes its run a failed one'),
	},
	{
		protection: 'What a message held outlives the node that was to upload it',
		file: 'nodes/drive-upload/uploader.ts',
		find: 'if (!this.#options.closing.aborted) await files.forget(key);',
		replace: 'await files.forget(key);',
		test: spool('what a message holds is kept when the node closes, goes on at its next start, and is gone then'),
	},
	{
		protection: 'A consent needs an administrator’s right',
		file: 'nodes/google-drive/consent-routes.ts',
		find: "permission: ['flows.write', 'clinic-hub.drive.connect'],",
		replace: "permission: 'flows.write',",
		test: node('a consent to Google Drive needs a right beside the one to deploy, and comes back to this editor only'),
	},
	{
		protection: 'Google sends a browser back to this editor only',
		file: 'nodes/google-drive/consent-routes.ts',
		find: 'if (!pathname.endsWith(`/clinic-hub/${RETURN_PATH}`)) {',
		replace: "if (pathname === '') {",
		test: node('a consent to Google Drive needs a right beside the one to deploy, and comes back to this editor only'),
	},
	{
		protection: 'Who takes away the mark that keeps a backup is recorded',
		file: 'nodes/drive-retention/drive-retention.ts',
		find: '\t\tready.onMarked(topic, payload);\n',
		replace: '',
		built: true,
		test: {
			file: 'test/flows/backup-restore.test.ts',
			name: 'a run removes what is superfluous, and leaves what is not signed and what is marked',
		},
	},
	{
		protection: 'A wrong id does not cancel every upload',
		file: 'nodes/drive-upload/drive-upload.ts',
		find: 'if (id === undefined) return undefined;',
		replace: "if (typeof id !== 'string') return undefined;",
		built: true,
		test: {
			file: 'test/flows/drive-upload.test.ts',
			name: 'a cancelled upload ends, leaves nothing visible, and goes on where it was when it is asked for again',
		},
	},
];
