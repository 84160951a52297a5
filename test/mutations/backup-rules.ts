/** Protections of the rules around backups: what may be removed, what counts, who runs, and what lies encrypted. */
import type { Mutant } from './mutant.ts';

const sealed = (name: string) => ({ file: 'test/unit/store/sealed.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'A sealed value opens only at its own place',
		file: 'lib/store/sealed.ts',
		find: 'const aad = (place: string) => Buffer.from(place);',
		replace: 'const aad = (_place: string) => Buffer.alloc(0);',
		test: sealed('what was sealed for one place does not open at another'),
	},
	{
		protection: 'An emptied key file is not taken for a key',
		file: 'lib/store/sealed.ts',
		find: 'if (text) return text;',
		replace: 'return text || undefined;',
		test: sealed('with a variable no key is made, and one that was emptied is not replaced'),
	},
];
