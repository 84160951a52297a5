/** The live preview: rendered by the hub, by the code that writes the mails, and shown where no script can run. */

import { element } from '../../runtime/editor/elements.ts';
import { failureText } from '../../runtime/editor/failure.ts';
import type { EditorNode } from '../../runtime/editor/red.ts';
import { type RequestFailure, request } from '../../runtime/editor/request.ts';
import { type EditorPhrase, inWords, translatorOf } from '../../runtime/editor/words.ts';

interface PreviewMail {
	subject: string;
	text: string;
	html: string;
	notes: string[];
}

type Answer = { ok: true; mail: PreviewMail; warnings: string[] } | { ok: false; phrase: EditorPhrase; text?: string };

export type PreviewView = 'desktop' | 'phone' | 'text';

/** After the last key, in ms: a person who types is not interrupted, one who stops sees it at once. */
const PAUSE_MS = 400;

/** Widths that the mail is shown in, in CSS pixels: a reading pane, a small telephone. */
const WIDTH = { desktop: 660, phone: 360 } as const;

/** Nothing but pictures may be fetched, and nothing may run; `sandbox` says the same once more. */
const POLICY =
	'<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'; img-src data: http: https:">';

export class Preview {
	readonly #container: HTMLElement;
	readonly #describe: () => Record<string, unknown>;
	readonly #frame = element('iframe', { sandbox: '', referrerpolicy: 'no-referrer', class: 'amqp-mail-frame' });
	readonly #text = element('pre', { class: 'amqp-mail-plain' });
	readonly #subject = element('div', { class: 'amqp-mail-subject' });
	readonly #problem = element('div', { class: 'amqp-mail-problem', role: 'status' });
	readonly #node: EditorNode;
	#view: PreviewView = 'desktop';
	#timer: number | undefined;
	#asked = 0;

	/** @param describe gives the body of the request: the properties as they stand in the dialog */
	constructor(container: HTMLElement, node: EditorNode, describe: () => Record<string, unknown>) {
		this.#container = container;
		this.#node = node;
		this.#describe = describe;
		this.#frame.title = node._('amqp-mail.preview.title');
		const box = element('div', { class: 'amqp-mail-paper' }, this.#frame, this.#text);
		container.replaceChildren(this.#problem, this.#subject, box);
		this.show('desktop');
	}

	show(view: PreviewView): void {
		this.#view = view;
		this.#text.hidden = view !== 'text';
		this.#frame.hidden = view === 'text';
		this.fit();
	}

	/** Shrinks the mail to the dialog's width, as a mail client's window would be shown from afar. */
	fit(): void {
		if (this.#view === 'text') return;
		const room = this.#container.clientWidth;
		const width = WIDTH[this.#view];
		const scale = room > 0 ? Math.min(1, room / width) : 1;
		this.#frame.style.width = `${width}px`;
		this.#frame.style.height = `${Math.round(this.#height / scale)}px`;
		this.#frame.style.transform = scale < 1 ? `scale(${scale})` : 'none';
		this.#frame.style.margin = scale < 1 ? '0' : '0 auto';
	}

	get #height(): number {
		return this.#frame.parentElement?.clientHeight ?? 0;
	}

	/** Draws anew, soon. */
	refresh(): void {
		clearTimeout(this.#timer);
		this.#timer = setTimeout(() => void this.#draw(), PAUSE_MS) as unknown as number;
	}

	stop(): void {
		clearTimeout(this.#timer);
		this.#asked = -1;
	}

	async #draw(): Promise<void> {
		if (this.#asked < 0) return;
		this.#asked += 1;
		const number = this.#asked;
		let problem: string;
		try {
			const answer = await request<Answer>('POST', 'amqp-mail/preview', this.#describe());
			// A later question has been asked meanwhile, or the dialog is closed.
			if (number !== this.#asked) return;
			if (answer.ok) return this.#fill(answer.mail, [...answer.warnings, ...answer.mail.notes]);
			problem = [inWords(answer.phrase, translatorOf(this.#node)), ...(answer.text ? [answer.text] : [])].join('. ');
		} catch (failure) {
			if (number !== this.#asked) return;
			problem = failureText(failure as RequestFailure);
		}
		this.#say('problem', [problem]);
		this.#container.dataset['state'] = 'stale';
	}

	#fill({ subject, text, html }: PreviewMail, remarks: string[]): void {
		this.#subject.replaceChildren(element('b', {}, `${this.#node._('amqp-mail.part.subject')}: `), subject);
		this.#text.textContent = text;
		this.#frame.srcdoc = /<head[^>]*>/i.test(html)
			? html.replace(/<head[^>]*>/i, (head) => head + POLICY)
			: POLICY + html;
		this.#say('remark', remarks);
		this.#container.dataset['state'] = 'current';
		this.fit();
	}

	#say(tone: 'problem' | 'remark', sentences: string[]): void {
		this.#problem.dataset['tone'] = tone;
		this.#problem.replaceChildren(...sentences.map((sentence) => element('p', {}, sentence)));
	}
}
