import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { checkDefinitions, checkProjects } from '../../../lib/config/definitions.ts';

// Node-RED's own parser, as its command uses it: the judge of what counts as a definition.
const nopt = createRequire(createRequire(import.meta.url).resolve('node-red'))('nopt') as (
	known: object,
	short: object,
	args: string[],
	slice: number,
) => { define?: string[] };
const known = { help: Boolean, port: Number, title: String, verbose: Boolean, safe: Boolean, version: Boolean };
const parse = (args: readonly string[]) =>
	nopt(
		{ ...known, settings: [String], userDir: [String], define: [String, Array], 'no-telemetry': Boolean },
		{
			'?': ['--help'],
			p: ['--port'],
			s: ['--settings'],
			t: ['--help'],
			u: ['--userDir'],
			v: ['--verbose'],
			D: ['--define'],
		},
		[...args],
		0,
	).define ?? [];

const refusal = { code: 'CONFIG_INVALID', message: /^-D uiHost is refused, .* only uiPort, .* may be set by -D\.$/ };

for (const spelling of [
	['-D', 'uiHost=0.0.0.0'],
	['-D=uiHost=0.0.0.0'],
	['--define', 'uiHost=0.0.0.0'],
	['--define=uiHost=0.0.0.0'],
	['--def', 'uiHost=0.0.0.0'],
	['-define', 'uiHost=0.0.0.0'],
	['---d', 'uiHost=0.0.0.0'],
	['-vD', 'uiHost=0.0.0.0'],
	['-D', 'uiPort=1881', '-D', 'uiHost=0.0.0.0'],
	['-s', 'settings.ts', 'flows.json', '-D', 'uiHost=0.0.0.0'],
]) {
	test(`a setting of safety is refused as ${spelling.join(' ')}, which Node-RED takes`, () => {
		assert.ok(parse(spelling).includes('uiHost=0.0.0.0'));
		assert.throws(() => checkDefinitions(spelling), refusal);
	});
}

test('every setting that the hub decides on is refused, and so is what hides one', () => {
	for (const setting of [
		'uiHost',
		'httpAdminRoot',
		'httpRoot',
		'adminAuth',
		'httpAdminAuth',
		'nodesExcludes',
		'externalModules.palette.allowInstall',
		'functionExternalModules',
		'functionGlobalContext.os',
		'disableEditor',
		'editorTheme.palette.editable',
		'editorTheme.projects.enabled',
		'httpStatic',
		'https',
		'storageModule',
		'credentialSecret',
		'userDir',
		'["uiHost"]',
		'logging.console.handler',
		'constructor.prototype.uiHost',
		'@settings.json',
	]) {
		assert.throws(() => checkDefinitions(['-D', `${setting}=x`]), { code: 'CONFIG_INVALID' }, setting);
	}
	assert.throws(() => checkDefinitions(['-D']), { code: 'CONFIG_INVALID' });
});

test('a value is not repeated', () => {
	assert.throws(
		() => checkDefinitions(['-D', 'credentialSecret=s3cret']),
		(thrown: Error) => !thrown.message.includes('s3cret'),
	);
});

test('harmless settings and other options are taken', () => {
	checkDefinitions([
		'-D',
		'logging.console.level=debug',
		'--define=uiPort=1881',
		'-p',
		'1881',
		'-v',
		'--safe',
		'D.json',
	]);
	checkDefinitions(['-u', '/d', '-s', 'settings.ts', '--title', 'x', '--no-telemetry', '--', 'flows.json']);
});

test("projects cannot be switched on by Node-RED's own variable", () => {
	assert.throws(() => checkProjects({ NODE_RED_ENABLE_PROJECTS: 'true' }), { code: 'CONFIG_INVALID' });
	checkProjects({});
	checkProjects({ NODE_RED_ENABLE_PROJECTS: 'False' });
});
