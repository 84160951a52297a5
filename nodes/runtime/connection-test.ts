/** "Test connection" and its relatives: the client's own method, on the values of the dialog. */

import type { HubErrorCode } from '../../lib/errors.ts';
import type { Why } from '../../lib/why.ts';
import { adminRoute } from './admin-route.ts';
import type { Fields, ValuesOf } from './fields.ts';
import type { NodeAPI } from './node-red.ts';
import { type Phrase, shared } from './phrase.ts';
import { type Described, readScreen } from './screen.ts';

export interface Probe {
	ok: boolean;
	/** For a person: what was found, and what to do about it. */
	text: string;
	/** Absent where something in `findings` is not as it should be. */
	code?: HubErrorCode;
	/** The text as a key, where it is a frequent one: then it is said in the reader's language. */
	why?: Why;
	/** What was looked at, one by one. */
	findings?: Finding[];
}

/** One thing that a test looked at, in both languages. */
export interface Finding {
	level: 'ok' | 'warning' | 'failed';
	text: { en: string; es: string };
}

export interface ProbeInput<F extends Fields, S extends Fields> {
	config: ValuesOf<F>;
	secrets: ValuesOf<S>;
	/** Of the chosen `tls-config`, where there is one. */
	tls: import('node:tls').ConnectionOptions | undefined;
	/** Aborted when the person leaves or the time is over. */
	signal: AbortSignal;
	/** The rest of the request, for tests that ask for more than the connection. */
	body: Record<string, unknown>;
	actor: string;
}

/** What the editor shows: `phrase` in the reader's language, and as detail `text` as the system put it, in English. */
export interface ProbeAnswer {
	ok: boolean;
	phrase: Phrase;
	text?: string;
	/** True when the phrase alone does not say what to do. */
	open?: boolean;
	/** Shown below the phrase. */
	findings?: Finding[];
}

export interface ConnectionTest<F extends Fields, S extends Fields> {
	node: Described<F, S>;
	/** Last part of the route, `test/<type>` by default. */
	path?: string;
	/**
	 * Default `flows.write`: what is tested may be anything, as in a flow, so whoever may not deploy may not test.
	 */
	permission?: string | string[];
	/** What a success is called, in the shared catalogue; default `test.ok`. */
	success?: string;
	/** Must never throw for what a server does; may throw for what the person typed. */
	probe(input: ProbeInput<F, S>): Promise<Probe>;
}

/** Adds the route. Call once in a node file. */
export function defineConnectionTest<F extends Fields, S extends Fields>(
	RED: NodeAPI,
	{ node, path = node.type, permission = 'flows.write', success = 'test.ok', probe }: ConnectionTest<F, S>,
): void {
	adminRoute(RED, {
		method: 'post',
		path: `test/${path}`,
		permission,
		async handle({ body, signal, actor }): Promise<ProbeAnswer> {
			const screen = readScreen(RED, node, body);
			if (!('config' in screen)) return { ok: false, phrase: shared('node.notReady', { problems: screen.problems }) };
			const { config, secrets, tls } = screen;
			const { ok, text, code, why, findings } = await probe({ config, secrets, tls, signal, body, actor });
			// Without a failure of the whole, what is wrong stands in the findings.
			const whole = !code && findings?.length ? 'test.findings' : `error.${code ?? 'INTERNAL'}`;
			const failure = why ? `why.${why}` : whole;
			const phrase = shared(ok ? success : failure);
			return { ok, phrase, text, open: !ok && !why, ...(findings ? { findings } : {}) };
		},
	});
}
