/** Registers `notice` with the editor and runs its dialog. */

import { connectionTest } from '../../runtime/editor/connection-test.ts';
import { type Check, validator, validators } from '../../runtime/editor/validators.ts';
import { sharedText } from '../../runtime/editor/words.ts';

const FROM_ENVIRONMENT = /^\$\{\S+\}$/;
const MAIL_ADDRESS = /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/;

const check = validators('notice');

/** What stands in the open dialog, or what is saved: rules that look at two fields must see both as they are now. */
function currentValue(node: Record<string, unknown>, name: string): string {
	const input = document.querySelector<HTMLInputElement | HTMLSelectElement>(`#node-input-${name}`);
	const open = input?.closest('.notice-form')?.getAttribute('data-node') === node['id'];
	const value = open && input ? input.value : String(node[name] ?? '');
	return value === '_ADD_' ? '' : value.trim();
}

const problem = (reason: string, field: string): string =>
	sharedText(`problem.${reason}`, { field: RED._(`@clinic-hub/node-red-clinic-hub/notice:notice.label.${field}`) });

const smtp: Check = function (value) {
	if (value && value !== '_ADD_') return RED.nodes.node(String(value)) ? true : problem('invalid', 'smtp');
	if (!currentValue(this, 'webhookUrl')) return problem('channel', 'smtp');
	return ['webhook', 'any'].includes(currentValue(this, 'about')) ? problem('otherWay', 'smtp') : true;
};

const to: Check = function (value) {
	const list = String(value ?? '').trim();
	if (list === '') return currentValue(this, 'smtp') ? problem('missing', 'to') : true;
	if (FROM_ENVIRONMENT.test(list)) return true;
	return list.split(/[\s,;]+/).every((part) => part === '' || MAIL_ADDRESS.test(part))
		? true
		: problem('addresses', 'to');
};

const webhookUrl: Check = function (value) {
	if (String(value ?? '').trim() !== '') return check.httpUrl('webhookUrl').call(this, value);
	if (['smtp', 'any'].includes(currentValue(this, 'about'))) return problem('otherWay', 'webhookUrl');
	return currentValue(this, 'smtp') ? true : problem('channel', 'webhookUrl');
};

RED.nodes.registerType('notice', {
	category: 'clinic hub',
	color: '#5b9bb0',
	icon: 'notice.svg',
	inputs: 1,
	outputs: 1,
	defaults: {
		name: { value: '' },
		version: { value: 1 },
		smtp: { type: 'smtp-server', value: '', validate: validator(smtp) },
		to: { value: '', validate: validator(to) },
		webhookUrl: { value: '', validate: validator(webhookUrl) },
		about: { value: 'none' },
		language: { value: 'es' },
	},
	credentials: { webhookBearer: { type: 'password' }, webhookKey: { type: 'password' } },
	label() {
		return this.name || 'notice';
	},
	labelStyle() {
		return this.name ? 'node_label_italic' : '';
	},
	inputLabels() {
		return this._('notice.port.input');
	},
	outputLabels() {
		return this._('notice.port.outcomes');
	},
	oneditprepare() {
		document.querySelector('.notice-form')?.setAttribute('data-node', this.id);
		for (const [name, standard] of [
			['about', 'none'],
			['language', 'es'],
		]) {
			const select = document.querySelector<HTMLSelectElement>(`#node-input-${name}`);
			if (select && !select.value) select.value = standard ?? '';
		}
		connectionTest({
			node: this,
			container: '#notice-test',
			fields: ['smtp', 'to', 'webhookUrl', 'about', 'language'],
			secrets: ['webhookBearer', 'webhookKey'],
			label: 'test.noticeButton',
			permission: 'clinic-hub.notices.test',
		});
	},
});
