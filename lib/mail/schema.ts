/** JSON Schema 2020-12, compiled once, with errors in words for the person who must act on them. */

import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';
import { HubError } from '../errors.ts';
import type { JsonObject } from './message.ts';

/** Returns null when the value fits, else what is wrong first, without quoting data. */
export type Check = (value: unknown) => string | null;

/** Paths name fields that a sender chose; longer ones say nothing more. */
const MAX_PATH_CHARACTERS = 160;

/** What a value of a known format must be. */
const FORMAT_WORDS: Record<string, string> = {
	decimal: 'must be a decimal number in text form, such as "1234.50"',
	money: 'must be a decimal number in text form, such as "1234.50"',
	date: 'must be a day such as 2025-06-03',
	'date-time': 'must be a time in UTC such as 2025-06-03T14:05:09Z',
	uri: 'must be an absolute http or https address without spaces',
	uuid: 'must be a UUID in lower case',
	email: 'must be exactly one e-mail address',
};

/** What a definition of the contract means, by its name below `$defs`. */
const DEFINITION_WORDS: Record<string, string> = {
	address: 'must be exactly one e-mail address in ASCII, without a name, list or line end',
	name: 'must be one line without control characters',
	short: 'must be one line without control characters',
	text: 'must be text without control characters',
	link: FORMAT_WORDS['uri'] as string,
	uuid: FORMAT_WORDS['uuid'] as string,
};

const TYPE_WORDS: Record<string, string> = {
	string: 'text',
	number: 'a number',
	integer: 'a whole number',
	boolean: 'true or false',
	object: 'an object',
	array: 'a list',
	null: 'null',
};

const DECIMAL = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$/;

/**
 * Compiles a schema; loads the validator at the first call.
 * @param label names the schema in errors
 * @throws HubError CONFIG_INVALID when it is no usable schema; nothing is ever fetched for a `$ref`
 */
export async function compileSchema(schema: JsonObject, label: string): Promise<Check> {
	const [{ Ajv2020 }, { default: formats }] = await Promise.all([import('ajv/dist/2020.js'), import('ajv-formats')]);
	const ajv = new Ajv2020({
		// A misspelt keyword would otherwise check nothing.
		strict: true,
		strictTypes: false,
		strictRequired: false,
		allowUnionTypes: true,
		// Without it `constructor` counts as present in every object.
		ownProperties: true,
		verbose: true,
	});
	formats.default(ajv);
	ajv.addFormat('decimal', DECIMAL);
	ajv.addFormat('money', DECIMAL);
	let validate: ValidateFunction;
	try {
		validate = ajv.compile(schema);
	} catch (thrown) {
		const text = thrown instanceof Error ? thrown.message : String(thrown);
		throw new HubError('CONFIG_INVALID', `${label}: ${text}`, { cause: thrown });
	}
	return (value) => {
		if (validate(value)) return null;
		const [error] = validate.errors ?? [];
		return error ? explain(error) : 'does not match its schema';
	};
}

/** `/order/lines/3/quantity` → `order.lines[3].quantity`. */
export function fieldName(pointer: string): string {
	const name = pointer
		.split('/')
		.slice(1)
		.map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
		.reduce((path, part) => (/^\d+$/.test(part) ? `${path}[${part}]` : path ? `${path}.${part}` : part), '');
	return name.replace(/[\p{C}\u2028\u2029]/gu, '?').slice(0, MAX_PATH_CHARACTERS);
}

function explain(error: ErrorObject): string {
	const field = fieldName(error.instancePath);
	const subject = field === '' ? 'the message' : field;
	const { params, keyword } = error;
	switch (keyword) {
		case 'required':
			return `${fieldName(`${error.instancePath}/${params['missingProperty']}`)} is missing`;
		case 'const':
			return `${subject} must be ${JSON.stringify(params['allowedValue'])}`;
		case 'enum':
			return `${subject} must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`;
		case 'maxLength':
			return `${subject} is longer than ${params['limit']} characters`;
		case 'minLength':
			return `${subject} is ${params['limit'] === 1 ? 'empty' : `shorter than ${params['limit']} characters`}`;
		case 'maxItems':
			return `${subject} has more than ${params['limit']} entries`;
		case 'minItems':
			return `${subject} has fewer than ${params['limit']} entries`;
		case 'maxProperties':
			return `${subject} has more than ${params['limit']} fields`;
		case 'additionalProperties':
			return `${fieldName(`${error.instancePath}/${params['additionalProperty']}`)} is not a field of the schema`;
		case 'type':
			return `${subject} ${meaning(error) ?? `must be ${typeWords(params['type'])}`}`;
		case 'pattern':
		case 'format':
			return `${subject} ${meaning(error) ?? described(error) ?? error.message ?? 'does not match its schema'}`;
		default:
			return `${subject} ${error.message ?? 'does not match its schema'}`;
	}
}

/** What the schema says that the value is, where we have words for it. */
function meaning({ parentSchema, schemaPath }: ErrorObject): string | undefined {
	const { format } = (parentSchema ?? {}) as { format?: unknown };
	const definition = /\/\$defs\/([^/]+)\/[^/]+$/.exec(schemaPath)?.[1];
	return (
		(typeof format === 'string' ? own(FORMAT_WORDS, format) : undefined) ??
		(definition === undefined ? undefined : own(DEFINITION_WORDS, definition))
	);
}

function own(words: Record<string, string>, key: string): string | undefined {
	return Object.hasOwn(words, key) ? words[key] : undefined;
}

/** The schema's author knows best what a pattern means. */
function described({ parentSchema }: ErrorObject): string | undefined {
	const { description } = (parentSchema ?? {}) as { description?: unknown };
	return typeof description === 'string' ? `does not fit its description: ${description}` : undefined;
}

function typeWords(type: unknown): string {
	const types = Array.isArray(type) ? type : [type];
	return types.map((name) => own(TYPE_WORDS, String(name)) ?? String(name)).join(' or ');
}
