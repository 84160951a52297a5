/** Registers `keycloak-sync` with the editor and runs its dialog. */

import { connectionTest } from '../../runtime/editor/connection-test.ts';
import { type Check, validator, validators } from '../../runtime/editor/validators.ts';
import { sharedText } from '../../runtime/editor/words.ts';
import { rowsOf, tableEditor } from './table.ts';

const FROM_ENVIRONMENT = /^\$\{\S+\}$/;
const ODOO_GROUP = /^\w+\.[\w.-]+$/;
const CLIENT_ROLE = /^[^:\s]+:\S+$/;

const CHOICES = { mode: 'changes', login: 'username' } as const;
const GUARDS = ['mass', 'archive', 'missing', 'shrunken', 'privileged', 'administrator', 'login'];

const check = validators('keycloak-sync');

const problem = (reason: string, field: string, values: Record<string, unknown> = {}): string =>
	sharedText(`problem.${reason}`, {
		...values,
		field: RED._(`@clinic-hub/node-red-clinic-hub/keycloak-sync:keycloak-sync.label.${field}`),
	});

const entriesOf = (value: unknown): string[] =>
	String(value ?? '')
		.split(/[,\n]/)
		.map((entry) => entry.trim())
		.filter((entry) => entry !== '' && !FROM_ENVIRONMENT.test(entry));

/** The first entry that is none, by its reason. */
function list(field: string, wrong: (entry: string) => string | undefined): Check {
	return (value) => {
		for (const entry of entriesOf(value)) {
			const reason = wrong(entry);
			if (reason) return problem(reason, field, { text: entry });
		}
		return true;
	};
}

const role = (entry: string) => (CLIENT_ROLE.test(entry) ? 'clientRole' : undefined);
const path = (entry: string) => (entry.startsWith('/') ? undefined : 'groupPath');
const odooGroup = (entry: string) => (ODOO_GROUP.test(entry) ? undefined : 'odooGroup');

/** Without a scope everybody would leave it. */
const scopeRoles: Check = function (value) {
	const named = [value, this['scopeGroups'], this['scopeAttribute']].some((one) => String(one ?? '').trim() !== '');
	return named ? list('scopeRoles', role).call(this, value) : problem('scope', 'scopeRoles');
};

const table: Check = (value) => {
	if (FROM_ENVIRONMENT.test(String(value))) return true;
	for (const { kind, name, groups } of rowsOf(value)) {
		const wrong = name.trim() === '' ? 'table' : (kind === 'role' ? role : path)(name.trim());
		if (wrong) return problem(wrong, 'table', { text: name });
		const ids = groups.split(/[\s,;]+/).filter((id) => id !== '');
		if (ids.length === 0) return problem('tableGroups', 'table', { text: name });
		const bad = ids.find((id) => !ODOO_GROUP.test(id));
		if (bad) return problem('odooGroup', 'table', { text: bad });
	}
	return true;
};

const attribute: Check = (value) => {
	const text = String(value ?? '').trim();
	return text === '' || FROM_ENVIRONMENT.test(text) || /^[^=\s][^=]*=.+$/.test(text)
		? true
		: problem('attribute', 'scopeAttribute');
};

const input = (name: string) => document.querySelector(`#node-input-${name}`) as HTMLInputElement;

/** Shows what belongs to the chosen mode and guard, and warns of guards that are off. */
function showParts(): void {
	for (const part of document.querySelectorAll<HTMLElement>('[data-keycloak-sync-mode]')) {
		part.hidden = part.dataset['keycloakSyncMode'] !== input('mode').value;
	}
	for (const part of document.querySelectorAll<HTMLElement>('[data-keycloak-sync-mass]')) {
		part.hidden = !input('massGuard').checked;
	}
	const off = GUARDS.some((guard) => !input(`${guard}Guard`).checked);
	for (const part of document.querySelectorAll<HTMLElement>('[data-keycloak-sync-off]')) part.hidden = !off;
}

RED.nodes.registerType('keycloak-sync', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'keycloak-sync.svg',
	inputs: 1,
	outputs: 3,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		realm: { type: 'keycloak-realm', value: '', required: true },
		odoo: { type: 'odoo-server', value: '', required: true },
		database: { value: '' },
		mode: { value: CHOICES.mode },
		interval: { value: '2', validate: check.integer('interval', 1, 3600, { optional: true }) },
		scopeRoles: { value: '', validate: validator(scopeRoles) },
		scopeGroups: { value: '', validate: validator(list('scopeGroups', path)) },
		scopeAttribute: { value: '', validate: validator(attribute) },
		table: { value: '[]', validate: validator(table) },
		login: { value: CHOICES.login },
		language: { value: 'es_ES' },
		allowPrivileged: { value: '', validate: validator(list('allowPrivileged', odooGroup)) },
		neverTouch: { value: '' },
		sentinel: { value: '' },
		massGuard: { value: true },
		massFloor: { value: '5', validate: check.integer('massFloor', 1, 10_000, { optional: true }) },
		massShare: { value: '10', validate: check.integer('massShare', 1, 100, { optional: true }) },
		massMinutes: { value: '10', validate: check.integer('massMinutes', 1, 1440, { optional: true }) },
		archiveGuard: { value: true },
		missingGuard: { value: true },
		shrunkenGuard: { value: true },
		privilegedGuard: { value: true },
		administratorGuard: { value: true },
		loginGuard: { value: true },
	},
	label() {
		return this.name || 'keycloak-sync';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('keycloak-sync.port.input');
	},
	outputLabels(index: number) {
		return this._(`keycloak-sync.port.${['report', 'held', 'progress'][index]}`);
	},
	oneditprepare() {
		for (const [name, standard] of Object.entries(CHOICES)) if (!input(name).value) input(name).value = standard;
		// A flow that does not name a guard has it on; Node-RED would show an empty box, and "Done" would switch it off.
		for (const guard of GUARDS.map((name) => `${name}Guard`)) {
			if (this[guard] === undefined || this[guard] === '') input(guard).checked = true;
		}
		const container = document.querySelector<HTMLElement>('#keycloak-sync-table');
		if (container) tableEditor(this, container, input('table'));
		for (const name of ['mode', ...GUARDS.map((guard) => `${guard}Guard`)])
			$(`#node-input-${name}`).on('change', showParts);
		showParts();
		connectionTest({
			node: this,
			container: '#keycloak-sync-test',
			fields: Object.keys(this._def.defaults).filter((name) => name !== 'name' && name !== 'version'),
			secrets: [],
			label: 'test.dryRunButton',
		});
	},
});
