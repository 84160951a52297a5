/** Registers `google-drive` with the editor and runs its dialog. */

import { connectionTest } from '../../runtime/editor/connection-test.ts';
import { validators } from '../../runtime/editor/validators.ts';
import { FIELDS, SECRETS, startConsent } from './consent.ts';

const check = validators('google-drive');
const accountIs = (type: string) => ({
	when: (node: Record<string, unknown>) => (node['accountType'] || 'service-account') === type,
});

RED.nodes.registerType('google-drive', {
	category: 'config',
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		accountType: { value: 'service-account' },
		clientId: { value: '', validate: check.text('clientId', accountIs('consent')) },
		folder: { value: '', validate: check.text('folder', accountIs('service-account')) },
		folderName: { value: 'Respaldos' },
		purpose: { value: 'upload' },
		domains: { value: '' },
	},
	credentials: { clientSecret: { type: 'password' }, serviceKey: { type: 'password' } },
	label() {
		return this.name || 'google-drive';
	},
	oneditprepare() {
		const account = document.querySelector<HTMLSelectElement>('#node-config-input-accountType');
		const purpose = document.querySelector<HTMLSelectElement>('#node-config-input-purpose');
		if (!account || !purpose) return;
		if (!account.value) account.value = 'service-account';
		if (!purpose.value) purpose.value = 'upload';
		const show = () => {
			for (const part of document.querySelectorAll<HTMLElement>('[data-google-drive-when]'))
				part.hidden = part.dataset['googleDriveWhen'] !== account.value;
		};
		$('#node-config-input-accountType').on('change', show);
		show();
		keyFromFile();
		startConsent(this);
		connectionTest({ node: this, container: '#google-drive-test', fields: [...FIELDS], secrets: [...SECRETS] });
	},
	oneditsave() {
		// A secret that the choice has no use for is not kept, and a variable there would be told as missing.
		for (const input of document.querySelectorAll<HTMLInputElement>(
			'[data-google-drive-when][hidden] input:is([type=password], #node-config-input-clientId, #node-config-input-folder)',
		)) {
			input.value = '';
			$(`#${input.id}`).trigger('change');
		}
	},
});

/** The key is a file of many lines, which nobody pastes into a line without losing some. */
function keyFromFile(): void {
	const button = document.querySelector<HTMLButtonElement>('#google-drive-key-button');
	const file = document.querySelector<HTMLInputElement>('#google-drive-key-file');
	const key = document.querySelector<HTMLInputElement>('#node-config-input-serviceKey');
	if (!button || !file || !key) return;
	button.addEventListener('click', () => file.click());
	file.addEventListener('change', () => {
		const [chosen] = file.files ?? [];
		// Line breaks of JSON mean nothing; those of the key itself are written as \n.
		void chosen?.text().then((text) => {
			key.value = text.replace(/\s*\n\s*/g, ' ').trim();
			$('#node-config-input-serviceKey').trigger('change');
		});
	});
}
