/** What `-D name=value` of Node-RED's command line may set: it is applied after the settings, and would undo their checks. */

import { HubError } from '../errors.ts';

/** Everything else could open the editor or the machine, and is set by the hub's variables or not at all. */
const HARMLESS =
	/^(uiPort|lang|flowFilePretty|debugMaxLength|nodeMessageBufferMaxLength|logging\.console\.(level|metrics|audit))$/;

const HARMLESS_WORDS = 'uiPort, lang, flowFilePretty, debugMaxLength, nodeMessageBufferMaxLength and logging.console.…';

/** Node-RED's short options that take no value of their own beside `D`, so that they may stand together: `-vD`. */
const SHORT_OPTIONS = /^[?pstuvD]*D[?pstuvD]*$/;

/**
 * Every argument is looked at in each spelling that nopt, Node-RED's parser, takes for `--define`: any number of dashes,
 * any beginning of the word, `=`, and short options together. What only looks like one is refused, too.
 * @param args without the program and its script
 * @throws HubError `CONFIG_INVALID` naming the setting, never its value
 */
export function checkDefinitions(args: readonly string[]): void {
	for (const [index, arg] of args.entries()) {
		const { name = '', value } = /^-+(?<name>[^=]*)(?:=(?<value>.*))?$/s.exec(arg)?.groups ?? {};
		if (!isDefine(name)) continue;
		const definition = value ?? args[index + 1] ?? '';
		const [setting = ''] = definition.split('=', 1);
		if (HARMLESS.test(setting)) continue;
		throw new HubError(
			'CONFIG_INVALID',
			`-D ${setting} is refused, for it would go before what the hub's variables set and check (docs/variables.md): only ` +
				`${HARMLESS_WORDS} may be set by -D.`,
		);
	}
}

/**
 * Node-RED turns projects on by a variable of its own, which goes before its settings, too.
 * @throws HubError `CONFIG_INVALID`
 */
export function checkProjects(environment: Readonly<Record<string, string | undefined>>): void {
	const value = environment['NODE_RED_ENABLE_PROJECTS'];
	if (!value || /^false$/i.test(value)) return;
	throw new HubError(
		'CONFIG_INVALID',
		'NODE_RED_ENABLE_PROJECTS is refused: the hub keeps its flows in one file, so unset it.',
	);
}

function isDefine(name: string): boolean {
	return name !== '' && ('define'.startsWith(name) || SHORT_OPTIONS.test(name));
}
