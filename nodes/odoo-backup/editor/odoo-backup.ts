/** Registers `odoo-backup` with the editor and runs its dialog. */

import { type Check, validator, validators } from '../../runtime/editor/validators.ts';
import { sharedText } from '../../runtime/editor/words.ts';
import { keyProof } from './key-proof.ts';

const FROM_ENVIRONMENT = /^\$\{\S+\}$/;
const RECIPIENT = /^age1[0-9a-z]{58}$/;

const DEFAULTS = { source: 'manager', format: 'zip', encryption: 'age' } as const;

const check = validators('odoo-backup');

const problem = (reason: string, field: string): string =>
	sharedText(`problem.${reason}`, {
		field: RED._(`@clinic-hub/node-red-clinic-hub/odoo-backup:odoo-backup.label.${field}`),
	});

const recovery: Check = function (value) {
	const text = String(value ?? '').trim();
	if (this['encryption'] === 'none' || FROM_ENVIRONMENT.test(text)) return true;
	if (text === '') return problem('missing', 'recovery');
	return text.split(/[\s,;]+/).every((key) => RECIPIENT.test(key)) ? true : problem('key', 'recovery');
};

const input = (name: string) =>
	document.querySelector<HTMLInputElement | HTMLSelectElement>(`#node-input-${name}`) as HTMLInputElement;

/** Shows what belongs to the chosen way, format and encryption. */
function showParts(): void {
	// The direct way makes zip files only.
	if (input('source').value === 'direct') input('format').value = 'zip';
	const chosen: Record<string, string> = {
		odooBackupSource: input('source').value,
		odooBackupFormat: input('format').value,
		odooBackupEncryption: input('encryption').value,
	};
	for (const [name, value] of Object.entries(chosen)) {
		const attribute = name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
		for (const part of document.querySelectorAll<HTMLElement>(`.odoo-backup-form [data-${attribute}]`)) {
			part.hidden = part.dataset[name] !== value;
		}
	}
}

RED.nodes.registerType('odoo-backup', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'odoo-backup.svg',
	inputs: 1,
	outputs: 2,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		odoo: { type: 'odoo-server', value: '', required: true },
		source: { value: DEFAULTS.source },
		format: { value: DEFAULTS.format },
		encryption: { value: DEFAULTS.encryption },
		recovery: { value: `\${HUB_BACKUP_RECOVERY_KEYS}`, validate: validator(recovery) },
		spool: { value: '' },
		firstByte: { value: '60', validate: check.integer('firstByte', 1, 1440, { optional: true }) },
		idle: { value: '300', validate: check.integer('idle', 10, 3600, { optional: true }) },
		limit: { value: '', validate: check.integer('limit', 1, 100_000, { optional: true }) },
	},
	credentials: { drill: { type: 'password' }, signing: { type: 'password' } },
	label() {
		return this.name || 'odoo-backup';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('odoo-backup.port.input');
	},
	outputLabels(index: number) {
		return this._(`odoo-backup.port.${['claims', 'progress'][index]}`);
	},
	oneditprepare() {
		for (const [name, standard] of Object.entries(DEFAULTS)) if (!input(name).value) input(name).value = standard;
		for (const name of Object.keys(DEFAULTS)) $(`#node-input-${name}`).on('change', showParts);
		showParts();
		keyProof(this);
	},
	oneditsave() {
		// Without encryption no key is kept, and a variable there would be told as missing.
		if (input('encryption').value !== 'none') return;
		input('recovery').value = '';
		input('drill').value = '';
	},
});
