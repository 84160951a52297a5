/** Registers `drive-retention` with the editor. */

import { validators } from '../../runtime/editor/validators.ts';

const check = validators('drive-retention');
const optional = { optional: true };
const MOST = 3_650;

RED.nodes.registerType('drive-retention', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'drive-retention.svg',
	inputs: 1,
	outputs: 1,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		drive: { type: 'google-drive', value: '', validate: check.reference('drive') },
		verifying: { value: `\${HUB_BACKUP_VERIFYING_KEYS}`, validate: check.text('verifying') },
		daily: { value: '7', validate: check.integer('daily', 0, MOST, optional) },
		weekly: { value: '4', validate: check.integer('weekly', 0, MOST, optional) },
		monthly: { value: '3', validate: check.integer('monthly', 0, MOST, optional) },
		floor: { value: '3', validate: check.integer('floor', 1, MOST, optional) },
		timeZone: { value: '' },
		removal: { value: 'trash' },
		dry: { value: false },
	},
	label() {
		return this.name || 'drive-retention';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('drive-retention.port.input');
	},
	outputLabels() {
		return this._('drive-retention.port.report');
	},
});
