/** Words in the reader's language: a key of a catalogue with values, put into words where the reader's language is known. */

import path from 'node:path';
import type { HubError } from '../../lib/errors.ts';
import { SHARED_CATALOGUE } from './catalogue.ts';
import type { NodeAPI } from './node-red.ts';

export interface Phrase {
	/** Key in the node's own catalogue, or `<namespace>:<key>`. */
	key: string;
	/** Fills `__name__` in the text; nested phrases are put into words first, a list is joined with commas. */
	values?: Record<string, PhraseValue>;
}
type PhraseValue = string | number | Phrase | Phrase[];

/** A phrase of the shared catalogue. */
export function shared(key: string, values?: Phrase['values']): Phrase {
	return { key: `${SHARED_CATALOGUE}:${key}`, ...(values ? { values } : {}) };
}

/** The texts of one topic of the sidebar: as phrases, and as keys for labels. */
export function textsOf(topic: string) {
	const label = (key: string, values?: Phrase['values']): Phrase => shared(`${topic}.${key}`, values);
	return { label, text: (key: string): string => label(key).key };
}

/** What a failure is called in a few words; the full text of the error is for the log and the message. */
export function phraseOf(error: HubError): Phrase {
	return shared(`error.${error.code}`);
}

/** The phrase in the language of the runtime (`lang` in the settings, or the environment's). */
export function say(RED: Pick<NodeAPI, '_'>, { key, values = {} }: Phrase): string {
	const filled = Object.entries(values).map(([name, value]) => [name, sayValue(RED, value)]);
	return RED._(key, Object.fromEntries(filled));
}

function sayValue(RED: Pick<NodeAPI, '_'>, value: PhraseValue): string | number {
	if (Array.isArray(value)) return value.map((phrase) => say(RED, phrase)).join(', ');
	return typeof value === 'object' ? say(RED, value) : value;
}

/** The phrase for readers of another node: keys of the catalogue of `type`, a node of this package, are given in full. */
export function ofNode(type: string, { key, values = {} }: Phrase): Phrase {
	const full = (value: PhraseValue): PhraseValue => {
		if (Array.isArray(value)) return value.map((phrase) => ofNode(type, phrase));
		return typeof value === 'object' ? ofNode(type, value) : value;
	};
	return {
		key: key.includes(':') ? key : `${path.posix.dirname(SHARED_CATALOGUE)}/${type}:${key}`,
		values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, full(value)])),
	};
}
