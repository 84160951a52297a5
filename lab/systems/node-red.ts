/** The hub itself: a real Node-RED with this checkout's settings, nodes and flows. */
import { access, readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { HubKeys } from '../../lib/backup/keys.ts';
import { placeReadyFlows } from '../../lib/config/ready-flows.ts';
import { FLOW_VARIABLES } from '../../lib/config/variables.ts';
import { ensureKeys, keyVariables, proveRecoveryKey } from '../backup-keys.ts';
import { CLINIC } from '../odoo/stand-in/clinic.ts';
import type { Address, LabContext, LabProcess, System } from '../system.ts';
import { inboxAuthority } from './inbox.ts';
import { hasKeycloak, readerVariables } from './keycloak.ts';

/** A first start loads some 60 node sets; on a busy two-core machine it was seen to take 12 s. */
const START_TIMEOUT_MS = 60_000;

/** Node-RED gives its nodes 15 s to close; this package's own deadline is 2 s. */
const STOP_GRACE_MS = 10_000;

/** Building takes about 2 s; more means that the machine is busy. */
const BUILD_TIMEOUT_MS = 120_000;

/** Whoever it is, the lab's inbox shows the mail; `.example` belongs to nobody (RFC 2606). */
const SAMPLE_RECIPIENT = 'muestra@proveedor.example';
const NOTICE_RECEIVER = 'sistemas@clinica.example';

/** The supplier whose address the lab's mail server refuses. */
const MISSPELT = CLINIC.suppliers.find(({ misspelt }) => misspelt)?.name ?? '';

/** Of the hub's own variables, those that another system of the lab sets. */
const HEARTBEAT = ['HUB_HEARTBEAT_URL', 'HUB_HEARTBEAT_MINUTES'];

/** Topics of ready flows that wait for a person elsewhere; here everything that they need is there. */
const ENABLED = ['backup'];
/** This one where Keycloak is started and Odoo has the account for it. */
const ENABLED_WITH_KEYCLOAK = 'identity';

/** What the built nodes are made from. */
const SOURCES = ['nodes', 'lib', 'contracts', 'scripts', 'package.json', 'tsconfig.json'];

/** A system of its own for each lab, because it remembers its process. */
export function nodeRed(): System {
	let running: LabProcess | undefined;
	let keys: HubKeys | undefined;
	return {
		name: 'node-red',
		needs: ['rabbitmq', 'inbox', 'alarms', 'drive', 'odoo', 'odoo-drill'],
		ports: { editor: 1880 },
		// It has no sign-in in the lab.
		loopback: ['editor'],
		async ensure(context) {
			const { root, directory } = context;
			await build(context);
			const follows = hasKeycloak(context) && context.variables()['ODOO_SYNC_USER'] !== undefined;
			const enabled = follows ? [...ENABLED, ENABLED_WITH_KEYCLOAK] : ENABLED;
			placeReadyFlows(path.join(root, 'flows'), path.join(directory, 'flows.json'), enabled);
			keys = await ensureKeys(directory);
			await proveRecoveryKey(keys, directory);
		},
		async start(context) {
			const { root, directory } = context;
			running = await context.run({
				command: process.execPath,
				args: [path.join(root, 'node_modules/node-red/red.js'), '-s', path.join(root, 'settings.ts'), '-u', directory],
				env: hubVariables(context),
			});
		},
		async ready(context) {
			await context.until(
				{ en: 'Node-RED with its flows started', es: 'Que Node-RED arranque sus flujos' },
				async (signal) => {
					const answer = await fetch(`${editorUrl(context)}flows/state`, { signal });
					return answer.ok && ((await answer.json()) as { state: string }).state === 'start';
				},
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
		},
		async stop() {
			await running?.stop({ graceMs: STOP_GRACE_MS });
		},
		variables: (context) => ({ HUB_URL: editorUrl(context), ...(keys ? keyVariables(keys) : {}) }),
		addresses: (context): Address[] => [
			{
				what: { en: 'Flow editor (Node-RED)', es: 'Editor de flujos (Node-RED)' },
				url: context.endpoint('node-red', 'editor').openUrl,
				hint: {
					en: `See the flow that sends the mails. One to ${MISSPELT} is refused: correct its address in the sidebar, tab “Clinic hub”`,
					es: `Vea el flujo que envía los correos. Uno para ${MISSPELT} se rechaza: corrija su dirección en la barra lateral, pestaña «Hub de la clínica»`,
				},
			},
		],
	};
}

function editorUrl(context: LabContext): string {
	return `${context.endpoint('node-red', 'editor').url}/`;
}

/** Only what the hub and its flows read: flows can show their environment, and the broker's administrator is not theirs. */
function hubVariables(context: LabContext): Record<string, string> {
	const editor = context.endpoint('node-red', 'editor');
	const read = new Set([...FLOW_VARIABLES.flatMap((group) => Object.keys(group)), ...HEARTBEAT]);
	return {
		...Object.fromEntries(Object.entries(context.variables()).filter(([name]) => read.has(name))),
		// Keycloak may still be fetched: the hub waits for it by itself, and says so.
		...(hasKeycloak(context) ? readerVariables(context) : {}),
		// As a clinic would let the hub trust its own mail server.
		NODE_EXTRA_CA_CERTS: inboxAuthority(context),
		HUB_HOST: editor.listen,
		HUB_PORT: String(editor.port),
		HUB_LANGUAGE: context.options.language,
		HUB_SAMPLE_RECIPIENT: SAMPLE_RECIPIENT,
		HUB_NOTICE_TO: NOTICE_RECEIVER,
		HUB_CREDENTIAL_SECRET: context.secret('node-red.credentials'),
	};
}

/** When the newest file below `place` was written; 0 when there is none. */
async function newest(place: string): Promise<number> {
	const own = await stat(place).catch(() => undefined);
	if (own === undefined) return 0;
	if (!own.isDirectory()) return own.mtimeMs;
	const names = await readdir(place);
	return Math.max(0, ...(await Promise.all(names.map((name) => newest(path.join(place, name))))));
}

/** Builds the nodes unless what is built is newer than all it is made from. */
async function build(context: LabContext): Promise<void> {
	const sources = await Promise.all(SOURCES.map((name) => newest(path.join(context.root, name))));
	const stamp = path.join(context.labDirectory, 'node-red', '.built');
	const built = await stat(stamp).catch(() => undefined);
	const there = await access(path.join(context.root, 'dist/nodes')).then(
		() => true,
		() => false,
	);
	if (there && built !== undefined && built.mtimeMs > Math.max(...sources)) return;
	context.progress({ en: 'building the nodes', es: 'construyendo los nodos' });
	await context.execute({
		command: process.execPath,
		args: [path.join(context.root, 'scripts/build.ts')],
		timeoutMs: BUILD_TIMEOUT_MS,
	});
	await writeFile(stamp, '');
}
