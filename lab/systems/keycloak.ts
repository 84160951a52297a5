/** Keycloak with the realm of a fictitious clinic; its administrator is admin/admin. */
import path from 'node:path';
import { isLoopback } from '../../lib/loopback.ts';
import { keycloakDistribution } from '../keycloak/distribution.ts';
import { ADMIN, prepareHome, serverCommand } from '../keycloak/server.ts';
import type { Address, LabContext, LabProcess, System } from '../system.ts';

const REALM = 'clinica';

/** The realm, and the staff of the clinic, who are of the demonstration only. */
const IMPORTED = ['clinica-realm.json', 'clinica-users-0.json'];

/** One of the staff, of IT, with the password of all of them in the lab; the realm's policy asks for 12 characters. */
const STAFF = { user: 'sergio.ibarra', password: 'clinica-de-prueba' };

/** A first start makes the database and took 75 s on two cores that others loaded; in ms. */
const START_TIMEOUT_MS = 300_000;

/** It ends within 2 s; in ms. */
const STOP_GRACE_MS = 10_000;

/** A system of its own for each lab, because it remembers its process. */
export function keycloak(): System {
	let running: LabProcess | undefined;
	return {
		name: 'keycloak',
		ports: { web: 8080 },
		packages: ['default-jre-headless', 'maven'],
		commands: ['java', 'mvn'],
		async ensure(context) {
			const distribution = await keycloakDistribution(context);
			const files = IMPORTED.map((name) => path.join(context.root, 'deploy/keycloak', name));
			await prepareHome(homeOf(context), distribution, files);
		},
		async start(context) {
			const { listen, port, openUrl } = context.endpoint('keycloak', 'web');
			const env = placeholders(context);
			running = await context.run(serverCommand({ home: homeOf(context), listen, port, publicUrl: openUrl, env }));
		},
		async ready(context) {
			const realm = `${context.endpoint('keycloak', 'web').url}/realms/${REALM}`;
			await context.until(
				{ en: 'Keycloak with its realm answering', es: 'Que Keycloak responda con su realm' },
				async (signal) => (await fetch(realm, { signal })).ok,
				{ timeoutMs: START_TIMEOUT_MS, ...(running ? { process: running } : {}) },
			);
		},
		async stop() {
			await running?.stop({ graceMs: STOP_GRACE_MS });
			running = undefined;
		},
		variables: (context) => ({
			...readerVariables(context),
			KEYCLOAK_ADMIN_USER: ADMIN.user,
			KEYCLOAK_ADMIN_PASSWORD: ADMIN.password,
		}),
		addresses(context): Address[] {
			const { openUrl } = context.endpoint('keycloak', 'web');
			return [
				{
					what: { en: "Keycloak's administration", es: 'Administración de Keycloak' },
					url: `${openUrl}/admin/master/console/#/${REALM}/users`,
					...ADMIN,
					hint: { en: 'Users: the staff of the clinic', es: 'Users: el personal de la clínica' },
				},
				{
					what: { en: 'Keycloak, as one of the staff', es: 'Keycloak, como alguien del personal' },
					url: `${openUrl}/realms/${REALM}/account`,
					...STAFF,
				},
			];
		},
	};
}

/** Where the realm is, as browsers see it; where no Keycloak is started, where it would be. */
export function issuerOf(context: LabContext): string {
	return `${addressesOf(context, 'keycloak', 'web', 8080).open}/realms/${REALM}`;
}

/** Whether this lab starts one. */
export function hasKeycloak(context: LabContext): boolean {
	try {
		return context.endpoint('keycloak', 'web').port > 0;
	} catch {
		return false; // no system of that name declares a port
	}
}

/** How the hub reads it: known before it answers, so that the hub need not wait for a download. */
export function readerVariables(context: LabContext): Record<string, string> {
	return {
		KEYCLOAK_ISSUER: issuerOf(context),
		KEYCLOAK_INTERNAL_URL: addressesOf(context, 'keycloak', 'web', 8080).own,
		KEYCLOAK_REALM: REALM,
		KEYCLOAK_READER_ID: 'hub-reader',
		KEYCLOAK_READER_SECRET: context.secret('keycloak.reader'),
	};
}

function homeOf(context: LabContext): string {
	return path.join(context.directory, 'home');
}

/** Of `deploy/keycloak`, which Keycloak fills from its environment when it imports. */
function placeholders(context: LabContext): Record<string, string> {
	const odoo = addressesOf(context, 'odoo', 'web', 8069);
	const hub = addressesOf(context, 'node-red', 'editor', 1880);
	return {
		KEYCLOAK_SSL_REQUIRED: isLoopback(context.endpoint('keycloak', 'web').listen) ? 'external' : 'none',
		KEYCLOAK_ODOO_SECRET: context.secret('keycloak.odoo'),
		KEYCLOAK_HUB_SECRET: context.secret('keycloak.hub'),
		KEYCLOAK_READER_SECRET: context.secret('keycloak.reader'),
		KEYCLOAK_STAFF_PASSWORD: STAFF.password,
		ODOO_URL: odoo.open,
		ODOO_INTERNAL_URL: odoo.own,
		HUB_URL: hub.open,
		HUB_INTERNAL_URL: hub.own,
	};
}

/** Of another system; where it is not started, where it would be. */
function addressesOf(context: LabContext, system: string, name: string, port: number): { open: string; own: string } {
	try {
		const { openUrl, url } = context.endpoint(system, name);
		return { open: openUrl, own: url };
	} catch {
		const url = `http://localhost:${port}`;
		return { open: url, own: url };
	}
}
