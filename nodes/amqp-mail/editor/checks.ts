/** Checks of the dialog's fields that only this node has; the runtime checks the same again. */

import { type Check, validator, validators } from '../../runtime/editor/validators.ts';
import { sharedText } from '../../runtime/editor/words.ts';
import { attachesDocument, isCustom } from './dialog-state.ts';

const FROM_ENVIRONMENT = /^\$\{\S+\}$/;
const AMQP_NAME = /^[A-Za-z0-9_.:-]{1,200}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const MAIL_ADDRESS = /^[^\s@,;<>"]+@[^\s@,;<>"]+\.[^\s@,;<>"]+$/;
/** As the runtime cuts it. */
const MAX_SHOWN = 40;
const WAIT = /^[1-9]\d{0,5}[smhd]$/;
const ORIGIN = /^https?:\/\/[^\s/?#@]+\/?$/i;

const problemOf = (reason: string, field: string, text = ''): string =>
	sharedText(`problem.${reason}`, {
		text,
		field: RED._(`@clinic-hub/node-red-clinic-hub/amqp-mail:amqp-mail.label.${field}`),
	});

/** A list of words, each of the form; may be empty. */
function list(field: string, form: RegExp, reason: string) {
	return validator((value) => {
		const text = String(value ?? '').trim();
		if (text === '' || FROM_ENVIRONMENT.test(text)) return true;
		const wrong = text.split(/[\s,;]+/).find((part) => part !== '' && !form.test(part));
		return wrong === undefined ? true : problemOf(reason, field, wrong.slice(0, MAX_SHOWN));
	});
}

/** Needed by a kind of mail of the node's own; empty otherwise means the order's. */
function own(field: string, form: RegExp, reason: string) {
	return validator(function (value) {
		const text = String(value ?? '').trim();
		if (text === '') return isCustom(this) ? problemOf('missing', field) : true;
		return FROM_ENVIRONMENT.test(text) || form.test(text) ? true : problemOf(reason, field);
	});
}

const schema: Check = function (value) {
	if (!isCustom(this)) return true;
	const text = String(value ?? '').trim();
	if (text === '') return problemOf('missing', 'schema');
	try {
		return typeof JSON.parse(text) === 'object' ? true : problemOf('json', 'schema');
	} catch {
		// Whatever is wrong with it, the code editor marks the place.
		return problemOf('json', 'schema');
	}
};

const templates: Check = function (value) {
	const rows = Array.isArray(value) ? (value as Record<string, unknown>[]) : [];
	if (isCustom(this) && rows.length === 0) return problemOf('noTemplates', 'templates');
	const filled = rows.every((row) =>
		['subject', 'text', 'html'].every((part) => String(row[part] ?? '').trim() !== ''),
	);
	return filled ? true : problemOf('incomplete', 'templates');
};

export const checks = {
	...validators('amqp-mail'),
	name: (field: string) => own(field, AMQP_NAME, 'amqpName'),
	kindName: own('kindName', /^[a-z][a-z0-9_-]{0,39}$/, 'kindName'),
	levels: list('levels', WAIT, 'levels'),
	databases: list('databases', UUID, 'uuids'),
	addresses: list('sampleRecipients', MAIL_ADDRESS, 'addresses'),
	origin: (field: string) =>
		validator(function (value) {
			const text = String(value ?? '').trim();
			if (text === '') return field === 'odooUrl' && attachesDocument(this) ? problemOf('missing', field) : true;
			return FROM_ENVIRONMENT.test(text) || ORIGIN.test(text) ? true : problemOf('origin', field);
		}),
	schema: validator(schema),
	templates: validator(templates),
};
