/** Registers `drive-upload` with the editor. */

import { validators } from '../../runtime/editor/validators.ts';

const check = validators('drive-upload');
const optional = { optional: true };

RED.nodes.registerType('drive-upload', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'drive-upload.svg',
	inputs: 1,
	outputs: 2,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		drive: { type: 'google-drive', value: '', validate: check.reference('drive') },
		mbit: { value: '', validate: check.integer('mbit', 1, 100_000, optional) },
		pieceMib: { value: '', validate: check.integer('pieceMib', 1, 256, optional) },
	},
	label() {
		return this.name || 'drive-upload';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('drive-upload.port.input');
	},
	outputLabels(index: number) {
		return this._(index === 0 ? 'drive-upload.port.uploaded' : 'drive-upload.port.progress');
	},
});
