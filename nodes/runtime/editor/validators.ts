/** Checks of a dialog's fields, in the words that the runtime uses for the same problem. */
import { sharedText } from './words.ts';

/** `${NAME}`: what it holds is known at run time only. */
const VARIABLE = /^\$\{\S+\}$/;

/** True, or what is wrong; `this` is the node. */
export type Check = (this: Record<string, unknown>, value: unknown) => true | string;
/** As Node-RED's editor takes a check with a reason. */
type Validator = (this: Record<string, unknown>, value: unknown, options?: unknown) => true | string;

interface Options {
	/** The field is asked for only then; `this.…` before the dialog is opened, what is deployed. */
	when?(node: Record<string, unknown>): boolean;
	optional?: boolean;
}

const HOST = /^[^\s/@]+$/;
const ADDRESS = /^[^\s@,;<>"]+@[^\s@,;<>"]+$/;

/**
 * Makes a validator of a check. Only of a function with two parameters does Node-RED take a text as the reason; of another
 * one any text counts as "valid" (red.js, `validateNodeProperty`).
 */
export function validator(check: Check): Validator {
	return function (value, _options) {
		return check.call(this, value);
	};
}

/** @param type of the node; its labels are `<type>.label.<field>` in the catalogue of the same name */
export function validators(type: string) {
	const problem = (reason: string, field: string, values: Record<string, unknown> = {}) =>
		sharedText(`problem.${reason}`, {
			...values,
			field: RED._(`@clinic-hub/node-red-clinic-hub/${type}:${type}.label.${field}`),
		});
	const pattern = (field: string, expression: RegExp, reason: string, { when, optional }: Options = {}): Validator =>
		validator(function (value) {
			if (when && !when(this)) return true;
			const text = String(value ?? '').trim();
			if (text === '') return optional ? true : problem('missing', field);
			return VARIABLE.test(text) || expression.test(text) ? true : problem(reason, field);
		});
	return {
		text: (field: string, options?: Options) => pattern(field, /./, 'missing', options),
		host: (field: string, options?: Options) => pattern(field, HOST, 'host', options),
		address: (field: string, options?: Options) => pattern(field, ADDRESS, 'address', options),
		httpsUrl: (field: string, options?: Options) => pattern(field, /^https:\/\/\S+$/, 'httpsUrl', options),
		httpUrl: (field: string, options?: Options) => pattern(field, /^https?:\/\/\S+$/, 'httpUrl', options),
		integer(field: string, min: number, max: number, { when, optional }: Options = {}): Validator {
			return validator(function (value) {
				if (when && !when(this)) return true;
				const text = String(value ?? '').trim();
				if (text === '') return optional ? true : problem('missing', field);
				if (VARIABLE.test(text)) return true;
				const number = Number(text);
				return Number.isInteger(number) && number >= min && number <= max
					? true
					: problem('range', field, { min, max });
			});
		},
		/** A node that must be chosen in a list. */
		reference: (field: string, options: Options = {}): Validator =>
			validator(function (value) {
				if (options.when && !options.when(this)) return true;
				if (!value || value === '_ADD_') return options.optional ? true : problem('missing', field);
				return RED.nodes.node(String(value)) ? true : problem('invalid', field);
			}),
	};
}
