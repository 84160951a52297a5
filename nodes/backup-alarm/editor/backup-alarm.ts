/** Registers `backup-alarm` with the editor and runs its dialog. */

import { connectionTest } from '../../runtime/editor/connection-test.ts';
import { validators } from '../../runtime/editor/validators.ts';

const check = validators('backup-alarm');
const optional = { optional: true };

RED.nodes.registerType('backup-alarm', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'backup-alarm.svg',
	inputs: 1,
	outputs: 2,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		drive: { type: 'google-drive', value: '', validate: check.reference('drive') },
		odoo: { type: 'odoo-server', value: '', validate: check.reference('odoo', optional) },
		verifying: { value: `\${HUB_BACKUP_VERIFYING_KEYS}`, validate: check.text('verifying') },
		recovery: { value: `\${HUB_BACKUP_RECOVERY_KEYS}` },
		minutes: { value: '60', validate: check.integer('minutes', 0, 1_440, optional) },
		maxAgeHours: { value: '26', validate: check.integer('maxAgeHours', 1, 8_760, optional) },
		maxDrillDays: { value: '8', validate: check.integer('maxDrillDays', 1, 3_650, optional) },
		keyCheckDays: { value: '180', validate: check.integer('keyCheckDays', 1, 3_650, optional) },
		kept: { value: '14', validate: check.integer('kept', 1, 11_000, optional) },
		spaceGb: { value: '', validate: check.integer('spaceGb', 1, 1_000_000, optional) },
	},
	credentials: { backupSign: { type: 'password' }, drillSign: { type: 'password' } },
	label() {
		return this.name || 'backup-alarm';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('backup-alarm.port.input');
	},
	outputLabels(index: number) {
		return this._(`backup-alarm.port.${['alarms', 'state'][index]}`);
	},
	oneditprepare() {
		connectionTest({
			node: this,
			container: '#backup-alarm-test',
			fields: [],
			secrets: [],
			label: 'test.alarmButton',
			permission: 'clinic-hub.backup.test-alarm',
		});
	},
});
