/**
 * A kind of mail: the schema its messages must match and the templates that write it. The order confirmation is built
 * in; any other is a queue, a JSON Schema and templates, without code.
 */

import { HubError } from '../errors.ts';
import { builtInTemplates } from './built-in.ts';
import type { JsonObject } from './message.ts';
import { type Check, compileSchema } from './schema.ts';
import { parseTemplates, type TemplateSet, type TemplateSources, unknownNames } from './templates.ts';
import { isObject, type Plan, planOf } from './view.ts';

export interface MailKind {
	/** `purchase`, or the name given. */
	readonly name: string;
	/** Major version of the messages that it understands. */
	readonly version: number;
	/** The message's `type`; null where any will do. */
	readonly type: string | null;
	readonly templates: TemplateSet;
	/** How values are shown. */
	readonly plan: Plan;
	/** What looks like a typing error in the templates, for the person who writes them. */
	readonly warnings: readonly string[];
	/** @throws HubError MESSAGE_VERSION or MESSAGE_INVALID, in words and without quoting data */
	validate(body: JsonObject): void;
}

export interface PurchaseKindOptions {
	/** Take the place of the built-in ones, language by language. */
	templates?: TemplateSources;
	/** Default `es`. */
	defaultLanguage?: string;
}

export interface CustomKindOptions {
	/** Lower-case letters, digits, `-` and `_`; stands in the ledger, so it is not changed later. */
	name: string;
	/** JSON Schema 2020-12 of an object; `required` must name `id` and `recipient`. */
	schema: JsonObject;
	templates: TemplateSources;
	/** Must be among `templates`; default: the first of them. */
	defaultLanguage?: string;
	/** Major version accepted where a message names one; default 1. */
	version?: number;
}

const PURCHASE_TYPE = 'order.confirmed';
const KIND_NAME = /^[a-z][a-z0-9_-]{0,39}$/;

let contract: Promise<{ schema: JsonObject; check: Check }> | undefined;

/** The order's contract, compiled once a process. */
function orderContract(): Promise<{ schema: JsonObject; check: Check }> {
	contract ??= (async () => {
		const { default: file } = await import('../../contracts/purchase-message.schema.json', { with: { type: 'json' } });
		const schema = file as JsonObject;
		return { schema, check: await compileSchema(schema, 'Contract of the order') };
	})();
	return contract;
}

/** The confirmation of an order, purchase or sale. */
export async function purchaseKind(options: PurchaseKindOptions = {}): Promise<MailKind> {
	const { schema, check } = await orderContract();
	const sources = { ...(await builtInTemplates()), ...options.templates };
	const templates = parseTemplates(sources, options.defaultLanguage ?? 'es');
	return makeKind({
		name: 'purchase',
		version: 1,
		type: PURCHASE_TYPE,
		templates,
		schema,
		check,
	});
}

/** @throws HubError CONFIG_INVALID or TEMPLATE_INVALID saying what to change */
export async function customKind(options: CustomKindOptions): Promise<MailKind> {
	const { name, schema, version = 1 } = options;
	if (!KIND_NAME.test(name) || name === 'purchase') {
		throw new HubError(
			'CONFIG_INVALID',
			'The name of the kind takes lower-case letters, digits, - and _, at most 40, and is not "purchase"',
		);
	}
	if (!isObject(schema)) throw new HubError('CONFIG_INVALID', 'JSON Schema: must be an object');
	if (schema['type'] !== 'object') throw new HubError('CONFIG_INVALID', 'JSON Schema: must say "type": "object"');
	const required = Array.isArray(schema['required']) ? schema['required'] : [];
	for (const field of ['id', 'recipient']) {
		if (!required.includes(field)) {
			throw new HubError('CONFIG_INVALID', `JSON Schema: "required" must name "${field}", for no mail goes without it`);
		}
	}
	const { default: common } = await import('../../contracts/any-mail.schema.json', { with: { type: 'json' } });
	const [own, every] = await Promise.all([
		compileSchema(schema, 'JSON Schema'),
		compileSchema(common as JsonObject, 'Contract of every mail'),
	]);
	const templates = parseTemplates(
		options.templates,
		options.defaultLanguage ?? Object.keys(options.templates)[0] ?? 'es',
	);
	return makeKind({ name, version, type: null, templates, schema, check: (value) => every(value) ?? own(value) });
}

interface Parts {
	name: string;
	version: number;
	type: string | null;
	templates: TemplateSet;
	schema: JsonObject;
	check: Check;
}

function makeKind({ name, version, type, templates, schema, check }: Parts): MailKind {
	const plan = planOf(schema);
	// `render` adds the language that it chose.
	plan.fields ??= new Map();
	if (!plan.fields.has('language')) plan.fields.set('language', {});
	return {
		name,
		version,
		type,
		templates,
		plan,
		warnings: unknownNames(templates, plan),
		validate(body) {
			checkVersion(body, version);
			const problem = check(body);
			if (problem !== null) throw new HubError('MESSAGE_INVALID', `The message does not fit its schema: ${problem}`);
		},
	};
}

/** Before the schema: a message of another major version would fail it with a misleading reason. */
export function checkVersion(body: JsonObject, known: number): void {
	const version = body['version'];
	const match = typeof version === 'string' ? /^(\d{1,6})(?:\.\d{1,6})?$/.exec(version) : null;
	if (match && Number(match[1]) !== known) {
		throw new HubError(
			'MESSAGE_VERSION',
			`The message has version ${match[0]}, this hub knows version ${known}: bring both to the same version, then replay it`,
		);
	}
}
