/** Registers `drive-download` with the editor. */

import { validators } from '../../runtime/editor/validators.ts';

const check = validators('drive-download');

RED.nodes.registerType('drive-download', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'drive-download.svg',
	inputs: 1,
	outputs: 1,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		drive: { type: 'google-drive', value: '', validate: check.reference('drive') },
		verifying: { value: `\${HUB_BACKUP_VERIFYING_KEYS}`, validate: check.text('verifying') },
		database: { value: '' },
		directory: { value: '' },
		mbit: { value: '', validate: check.integer('mbit', 1, 100_000, { optional: true }) },
	},
	label() {
		return this.name || 'drive-download';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('drive-download.port.input');
	},
	outputLabels() {
		return this._('drive-download.port.brought');
	},
});
