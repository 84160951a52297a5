/** Registers `odoo-restore` with the editor. */

import { validators } from '../../runtime/editor/validators.ts';

const check = validators('odoo-restore');

RED.nodes.registerType('odoo-restore', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'odoo-restore.svg',
	inputs: 1,
	outputs: 2,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		purpose: { value: 'drill' },
		target: { type: 'odoo-server', value: '', validate: check.reference('target') },
		into: { value: '', validate: check.text('into', { optional: true }) },
		way: { value: 'manager' },
		verifying: { value: `\${HUB_BACKUP_VERIFYING_KEYS}`, validate: check.text('verifying') },
		remove: { value: true },
	},
	credentials: { drill: { type: 'password' } },
	label() {
		return this.name || 'odoo-restore';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('odoo-restore.port.input');
	},
	outputLabels(index: number) {
		return this._(index === 0 ? 'odoo-restore.port.passed' : 'odoo-restore.port.failed');
	},
	oneditprepare() {
		const purpose = document.querySelector<HTMLSelectElement>('#node-input-purpose');
		// A node of before had one purpose.
		if (purpose && !purpose.value) purpose.value = 'drill';
		const rows = document.querySelectorAll<HTMLElement>('[data-purpose]');
		const show = () => {
			for (const row of rows) row.hidden = row.dataset['purpose'] !== purpose?.value;
		};
		purpose?.addEventListener('change', show);
		show();
	},
});
