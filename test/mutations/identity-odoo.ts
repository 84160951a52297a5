/** Protections of Odoo as a target: what is asked of it, what is told of its refusals, and processes that end in between. */
import type { Mutant } from './mutant.ts';

const contract = (name: string) => ({ file: 'test/integration/identity-odoo-stand-in.test.ts', name });

const kills = (name: string) => ({ file: 'test/faults/identity-kills.test.ts', name });

export const mutants: Mutant[] = [
	{
		protection: 'Of a refusal its own words are told, not the record or the advice after them',
		file: 'lib/odoo/rpc.ts',
		find: '	return line?.trim() || lastLine(debug);',
		replace: '	return line && lastLine(debug);',
		test: contract('names what is wrong with a line'),
	},
	{
		protection: 'An account that may not read providers is told which right it lacks',
		file: 'lib/identity/stock-target.ts',
		find: "			if (error.code !== 'ODOO_FORBIDDEN') throw error;",
		replace: '			if (error) throw error;',
		test: contract('needs an account that may read its providers, and says so to one that may not'),
	},
	{
		protection: 'A login with a sign of patterns is meant as it is',
		file: 'lib/identity/stock-target.ts',
		find: "login.replace(/[\\\\%_]/g, '\\\\$&')",
		replace: 'login',
		test: contract('finds accounts by person, and by login in any case with every sign meant as such'),
	},
	{
		protection: 'A line that fails stops no other of its batch',
		file: 'lib/identity/stock-target.ts',
		find: "			if (code !== 'ODOO_REFUSED' && code !== 'ODOO_FORBIDDEN') throw thrown;",
		replace: '			if (code) throw thrown;',
		test: contract('creates a batch, and a line that fails stops no other'),
	},
	{
		protection: 'A realm has one provider in Odoo',
		file: 'lib/identity/stock-target.ts',
		find: 'if (own.length === 1 && own[0]) return own[0].id;',
		replace: 'if (own[0]) return own[0].id;',
		test: contract('needs one provider of the realm'),
	},
	{
		protection: 'Whoever takes over makes that known to Odoo, also where there is nothing to do',
		file: 'lib/identity/sync.ts',
		find: '		if (token !== this.#token + 1) await this.#options.target.apply([], token, signal);\n',
		replace: '',
		test: kills('what a process sent before it was taken over is refused when it arrives later'),
	},
	{
		protection: 'A process that stood still asks for its lease before it goes on',
		file: 'lib/identity/apply.ts',
		find: '		await lease.renew();\n',
		replace: '',
		test: kills('a process that stood still while another one took over does nothing more'),
	},
	{
		protection: 'Two processes never apply at once',
		file: 'lib/identity/sync.ts',
		find: 'if (!lease) return { ...emptyReport(mode, false), busy: true };',
		replace: "if (!lease) return work({ name: '', token: 1, async check() {}, async renew() {}, async release() {} });",
		test: kills('of two processes at once one does the work, and the other does nothing'),
	},
];
