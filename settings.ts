/**
 * Settings of the hub: `node-red --settings settings.ts`, unbuilt on Node 24, or `dist/settings.js`. Everything is set by
 * variables, see docs/variables.md.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import path from 'node:path';
import { type EditorAuthOptions, editorAuth } from './editor-auth/editor-auth.ts';
import { signInOptions } from './editor-auth/from-variables.ts';
import { defaultUserDirectory, readCommandLine } from './lib/config/command-line.ts';
import { checkDefinitions, checkProjects } from './lib/config/definitions.ts';
import { checkEditorHost } from './lib/config/host.ts';
import { type HubValues, readVariables } from './lib/config/read.ts';
import { placeReadyFlows } from './lib/config/ready-flows.ts';
import { RISKY_NODES } from './lib/config/variables/hub.ts';
import { toHubError } from './lib/errors.ts';

/** Files of Node-RED's core behind each name of HUB_ALLOW_NODES. */
const RISKY_FILES: Record<(typeof RISKY_NODES)[number], string[]> = {
	exec: ['90-exec.js'],
	// `watch` tells of the files of the machine.
	file: ['10-file.js', '23-watch.js'],
	tcp: ['31-tcpin.js'],
	udp: ['32-udp.js'],
};

/** Node-RED's names of the two languages. */
const RUNTIME_LANGUAGE = { en: 'en-US', es: 'es-ES' } as const;

/** Of the editor, where HUB_TITLE is not set. */
const TITLE = { en: 'Clinic hub', es: 'Hub de la clínica' } as const;

const say = (text: string) => process.stderr.write(`${text}\n`);

/** The root of this package: beside this file, or above it where it runs built. */
const packageRoot = path.dirname(findPackageJSON(import.meta.url) ?? import.meta.filename);

/** False in a checkout, which Node-RED does not find by itself. */
const installed = packageRoot.split(path.sep).includes('node_modules');

function hubSettings(values: HubValues) {
	const commandLine = readCommandLine(process.argv.slice(2));
	const title = values.HUB_TITLE ?? TITLE[values.HUB_LANGUAGE];
	const userDir = path.resolve(commandLine.userDir ?? values.HUB_USER_DIR ?? defaultUserDirectory());
	const signIn = signInOptions(values, process.env);
	if (values.HUB_EDITOR) checkEditorHost(values.HUB_HOST, signIn !== null);
	if (!existsSync(path.join(packageRoot, 'dist', 'nodes'))) say('The nodes are not built yet: npm run build');
	const flowFile = path.resolve(userDir, commandLine.flowFile ?? values.HUB_FLOWS);
	// Flows, credentials and the store lie here: where this start makes it, for this account only.
	mkdirSync(userDir, { recursive: true, mode: 0o700 });
	if (placeReadyFlows(path.join(packageRoot, installed ? 'examples' : 'flows'), flowFile))
		say(`The ready flows are now in ${flowFile}`);

	const scripts = ['language.js', ...(signIn ? ['sign-in.js'] : [])].map((name) =>
		path.join(packageRoot, 'editor', name),
	);

	return {
		userDir,
		flowFile: values.HUB_FLOWS,
		flowFilePretty: true,
		// Left out, Node-RED makes one, keeps it in the user directory and warns; set later, it encrypts anew.
		...(values.HUB_CREDENTIAL_SECRET ? { credentialSecret: values.HUB_CREDENTIAL_SECRET } : {}),
		// For `nodes/runtime/`; the first one encrypts, both decrypt.
		clinicHubStoreKeys: [values.HUB_STORE_KEY, values.HUB_CREDENTIAL_SECRET].filter(Boolean),
		...(installed ? {} : { nodesDir: packageRoot }),

		uiHost: values.HUB_HOST,
		uiPort: values.HUB_PORT,
		// Without `httpAdminRoot: false` the administration interface would stay open where the editor is not.
		...(values.HUB_EDITOR ? {} : { httpAdminRoot: false, disableEditor: true }),

		...(signIn ? guarded(signIn) : {}),

		lang: RUNTIME_LANGUAGE[values.HUB_LANGUAGE],
		logging: { console: { level: values.HUB_LOG_LEVEL, metrics: false, audit: false } },
		telemetry: { enabled: values.HUB_TELEMETRY, updateNotification: values.HUB_TELEMETRY },
		// Fixed here, it cannot be changed by a person in the editor, whose choice would go first.
		telemetryEnabled: values.HUB_TELEMETRY,
		// GET /flows/state tells when the flows have started.
		runtimeState: { enabled: true, ui: false },

		nodesExcludes: RISKY_NODES.filter((name) => !values.HUB_ALLOW_NODES.includes(name)).flatMap(
			(name) => RISKY_FILES[name],
		),
		externalModules: {
			autoInstall: false,
			palette: { allowInstall: values.HUB_PALETTE_INSTALL, allowUpload: values.HUB_PALETTE_INSTALL },
			modules: { allowInstall: values.HUB_FUNCTION_MODULES },
		},
		functionExternalModules: values.HUB_FUNCTION_MODULES,
		functionGlobalContext: {},
		exportGlobalContextKeys: false,

		editorTheme: {
			page: { title, scripts },
			header: { title },
			projects: { enabled: false },
			tours: false,
		},
	};
}

/** The editor, its websocket and all that flows serve, behind Keycloak. */
function guarded(options: EditorAuthOptions) {
	const { adminAuth, middleware, attach } = editorAuth(options);
	return { adminAuth, httpAdminMiddleware: middleware, httpNodeAuth: middleware, clinicHubAttach: attach };
}

/** A start that cannot be right ends with one sentence, not with a traceback. */
function load(): ReturnType<typeof hubSettings> {
	try {
		checkDefinitions(process.argv.slice(2));
		checkProjects(process.env);
		const { values, additions, warnings } = readVariables(process.env);
		for (const warning of warnings) say(warning);
		Object.assign(process.env, additions);
		const settings = hubSettings(values);
		// Flows can read the environment; these keys open every credential and nothing needs them there any more.
		delete process.env['HUB_CREDENTIAL_SECRET'];
		delete process.env['HUB_STORE_KEY'];
		delete process.env['KEYCLOAK_HUB_SECRET'];
		delete process.env['HUB_EMERGENCY_HASH'];
		return settings;
	} catch (thrown) {
		say(toHubError(thrown).message);
		process.exit(1);
	}
}

const settings = load();

// The only form in which `require`, by which Node-RED loads its settings, gives the object itself (Node 24).
export { settings as 'module.exports' };
