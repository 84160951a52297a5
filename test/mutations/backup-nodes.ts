/** Protections of a run: keys first, one at a time, and nothing is forgotten or made up after a restart. */
import type { Mutant } from './mutant.ts';

const run = (name: string) => ({ file: 'test/integration/run-backup.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'No backup begins before its recovery key was proven',
		file: 'lib/backup/key-use.ts',
		find: '\trequireProof(known);\n',
		replace: '',
		test: run('nothing is asked of Odoo before the recovery key was proven'),
	},
	{
		protection: 'The published recovery key is refused where data is real',
		file: 'lib/backup/key-use.ts',
		find: '\trefuseDemo({ recovery: recipients }, demoKeys);\n',
		replace: '',
		test: run('the published recovery key is refused where data is real, and proven by itself in a laboratory'),
	},
	{
		protection: 'No database is a failure',
		file: 'lib/backup/place.ts',
		find: 'if (chosen.length > 0) return chosen;',
		replace: 'if (chosen.length >= 0) return chosen;',
		test: run('no database is a failure, never an empty success'),
	},
	{
		protection: 'A claim check is sent again only by the node that takes care of its database',
		file: 'lib/backup/unreleased.ts',
		find: 'if (!isOurs(target)) continue;',
		replace: '',
		test: run('a claim check is told again at the next start, until its upload was verified'),
	},
	{
		protection: 'A claim check without its file is sent to nobody',
		file: 'lib/backup/unreleased.ts',
		find: 'if (await spool.lies(claim.file)) claims.push(claim);',
		replace: 'if (claim.file) claims.push(claim);',
		test: run('a backup whose file is gone before its upload is none any more'),
	},
	{
		protection: 'A run that a stop of the hub ended is begun again, not taken for failed',
		file: 'lib/backup/database-runs.ts',
		find: 'await (closing.aborted ? run.interrupt() : run.fail(error));',
		replace: 'await run.fail(error);',
		test: run('closing ends a run within 2 s, which is then begun again once'),
	},
];
