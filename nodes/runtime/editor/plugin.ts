/** Entry of the editor's scripts. Nodes get what their dialogs need by `RED.plugins.getPlugin('clinic-hub')`. */
import { connectionTest } from './connection-test.ts';
import { translateStatuses } from './node-status.ts';
import { Sidebar } from './sidebar.ts';
import { validators } from './validators.ts';
import { sharedText } from './words.ts';

RED.plugins.registerPlugin('clinic-hub', {
	type: 'clinic-hub',
	connectionTest,
	text: sharedText,
	validators,
	onadd() {
		new Sidebar().start();
		translateStatuses();
	},
});
