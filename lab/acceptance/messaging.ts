/** The messaging test: a purchase confirmed in Odoo waits in the queue while the worker is paused, then is mailed. */
import { HubError } from '../../lib/errors.ts';
import { type Language, say } from '../language.ts';
import { type Management, management } from '../rabbitmq/management.ts';
import type { Text } from '../system.ts';
import { type UntilOptions, until } from '../until.ts';
import { HubSession, type MailWorkerRow } from './hub.ts';
import { mailsAbout, newestMails, type ReceivedMail } from './inbox.ts';
import { OdooSession, type Purchase } from './odoo.ts';
import { consumersOf, lookFor, messagesIn } from './queue.ts';
import type { Steps } from './steps.ts';
import type { MailTarget } from './target.ts';

/** What "the screen answers at once" may mean, in ms: under a second a person does not lose the thread. */
const ANSWER_LIMIT_MS = 1_000;

/** From "flows started" to a worker that can be paused, in ms. */
const WORKER_TIMEOUT_MS = 15_000;

/** From Odoo's outbox to the queue; its job wakes within half a second, or with the next of its runs, each minute. In ms. */
const QUEUE_TIMEOUT_MS = 75_000;

/** From the queue to the inbox, in ms. */
const MAIL_TIMEOUT_MS = 60_000;

/** The broker counts anew every 5 s by default; a worker that was paused is gone from its numbers by then. In ms. */
const STATISTICS_TIMEOUT_MS = 20_000;

const WORKER: Text = {
	en: 'A mail worker in the hub (flow “purchase-mail”)',
	es: 'Un nodo de correo en el hub (flujo «purchase-mail»)',
};
const SOMEBODY_TAKES: Text = { en: 'A queue from which the worker takes', es: 'Una cola de la que toma el envío' };
const NOBODY_TAKES: Text = { en: 'A queue from which nobody takes', es: 'Una cola de la que nadie toma' };
const EMPTY: Text = { en: 'An empty queue', es: 'Una cola vacía' };
const MESSAGE: Text = { en: 'A message about {number}', es: 'Un mensaje sobre {number}' };
const MAIL: Text = { en: 'A mail about {number}', es: 'Un correo sobre {number}' };

const SUPPLIER = 'Proveedor de la prueba de aceptación';

export interface Scenario {
	target: MailTarget;
	steps: Steps;
	language: Language;
	signal: AbortSignal;
}

/** Runs every step; throws what the failing one threw. A worker that it paused runs again afterwards, whatever happens. */
export async function acceptMessaging({ target, steps, language, signal }: Scenario): Promise<void> {
	const hub = new HubSession(target.hub);
	const odoo = new OdooSession(target.odoo);
	const broker = management(target.broker);
	const { vhost, queue } = target.broker;
	const wait = (timeoutMs: number): UntilOptions => ({ timeoutMs, signal, language });

	const workers = await steps.step(
		{ en: 'Odoo, broker, hub and inbox answer', es: 'Odoo, el bróker, el hub y el buzón responden' },
		async () => {
			await odoo.signIn();
			await messagesIn(broker, vhost, queue);
			await newestMails(target.inbox.url);
			return runningWorkers(hub, wait(WORKER_TIMEOUT_MS));
		},
		(rows) => rows.map(({ label }) => label).join(', '),
	);
	const paused: MailWorkerRow[] = [];
	try {
		await steps.step(
			{ en: 'The mail worker is paused and takes nothing', es: 'El envío de correos se pone en pausa y no toma nada' },
			async () => {
				if (workers.some((worker) => !worker.paused)) {
					await until(say(language, SOMEBODY_TAKES), async () => (await consumersOf(broker, vhost, queue)) > 0, {
						...wait(STATISTICS_TIMEOUT_MS),
					});
				}
				for (const worker of workers) {
					if (worker.paused) continue;
					await hub.pause(worker);
					paused.push(worker);
				}
				await until(say(language, NOBODY_TAKES), async () => (await consumersOf(broker, vhost, queue)) === 0, {
					...wait(STATISTICS_TIMEOUT_MS),
				});
			},
		);
		const purchase = await confirmInOdoo(odoo, target, steps);
		await seeInQueue(broker, target, purchase, steps, wait(QUEUE_TIMEOUT_MS));
		await steps.step({ en: 'No mail has been sent yet', es: 'Todavía no se ha enviado ningún correo' }, async () => {
			const early = await mailsAbout(target.inbox.url, purchase.number, target.recipient);
			if (early.length > 0) throw new HubError('INTERNAL', `The inbox holds ${early.length} already`);
		});
		await steps.step({ en: 'The mail worker resumes', es: 'El envío de correos se reanuda' }, async () => {
			for (const worker of paused.splice(0)) await hub.resume(worker);
		});
		await seeMail(target, purchase, steps, wait(MAIL_TIMEOUT_MS));
		await steps.step({ en: 'The queue is empty again', es: 'La cola queda vacía otra vez' }, () =>
			until(
				say(language, EMPTY),
				async () => (await messagesIn(broker, vhost, queue)) === 0,
				wait(STATISTICS_TIMEOUT_MS),
			),
		);
	} finally {
		for (const worker of paused) await hub.resume(worker);
	}
}

/** The hub's mail workers; a hub that has just started is given a moment for its flows. */
async function runningWorkers(hub: HubSession, wait: UntilOptions): Promise<MailWorkerRow[]> {
	return until(
		say(wait.language, WORKER),
		async () => {
			const rows = await hub.workers();
			return rows.length > 0 && rows;
		},
		wait,
	);
}

async function confirmInOdoo(odoo: OdooSession, target: MailTarget, steps: Steps): Promise<Purchase> {
	const purchase = await steps.step(
		{ en: 'A draft purchase stands in Odoo', es: 'Hay una compra en borrador en Odoo' },
		() => odoo.draft(SUPPLIER, target.recipient),
		({ number }) => number,
	);
	await steps.step(
		{ en: 'It is confirmed, and the screen answers at once', es: 'Se confirma y la pantalla responde al momento' },
		async () => {
			const took = await odoo.confirm(purchase);
			if (took > ANSWER_LIMIT_MS) {
				throw new HubError('TIMEOUT', `Odoo answered after ${Math.round(took)} ms, more than ${ANSWER_LIMIT_MS} ms`);
			}
			return took;
		},
		(took) => `${Math.round(took)} ms`,
	);
	return purchase;
}

async function seeInQueue(
	broker: Management,
	{ broker: { vhost, queue } }: MailTarget,
	purchase: Purchase,
	steps: Steps,
	wait: UntilOptions,
): Promise<void> {
	const title: Text = {
		en: `Its message waits in ${queue}, seen through the management API`,
		es: `Su mensaje espera en ${queue}, visto por la API de administración`,
	};
	await steps.step(
		title,
		async () => {
			const what = say(wait.language, MESSAGE, { number: purchase.number });
			const message = await until(what, lookFor(broker, vhost, queue, purchase.number), wait);
			// The broker's numbers are seconds old: only after they have shown the message does their zero mean anything.
			await until(what, async () => (await messagesIn(broker, vhost, queue)) > 0, wait);
			return message;
		},
		({ properties: { message_id = '?', delivery_mode } }) => {
			return delivery_mode === 2
				? { en: `${message_id}, kept on disk`, es: `${message_id}, guardado en disco` }
				: { en: `${message_id}, NOT kept on disk`, es: `${message_id}, NO guardado en disco` };
		},
	);
}

async function seeMail(target: MailTarget, purchase: Purchase, steps: Steps, wait: UntilOptions): Promise<void> {
	const mail = await steps.step(
		{ en: 'Its mail is in the inbox', es: 'Su correo está en el buzón' },
		() =>
			until(
				say(wait.language, MAIL, { number: purchase.number }),
				async () => (await mailsAbout(target.inbox.url, purchase.number, target.recipient))[0],
				wait,
			),
		({ subject }) => `“${subject}”`,
	);
	await steps.step(
		{ en: 'The mail says the right things, once', es: 'El correo dice lo correcto, una sola vez' },
		async () => {
			const wrong = faultsOf(mail, purchase);
			if (wrong.length > 0) throw new HubError('INTERNAL', `The mail lacks: ${wrong.join(', ')}`);
			const all = await mailsAbout(target.inbox.url, purchase.number, target.recipient);
			if (all.length !== 1) throw new HubError('INTERNAL', `The inbox holds ${all.length} mails about it`);
		},
	);
}

/** What the mail lacks, in words; empty when it is right. */
function faultsOf(mail: ReceivedMail, { number, total }: Purchase): string[] {
	// Thousands and decimals are separated otherwise in each language: compare the digits alone.
	const digits = mail.text.replace(/(?<=\d)[.,\s'’](?=\d)/g, '');
	const amounts = [String(Math.round(total * 100)), String(Math.round(total))];
	const has = (text: string): boolean => mail.text.includes(text) && mail.html.includes(text);
	return [
		...(mail.subject.includes(number) ? [] : [`${number} (subject)`]),
		...(has(number) ? [] : [`${number} (text, HTML)`]),
		...(amounts.some((amount) => digits.includes(amount)) ? [] : [`${total.toFixed(2)} (text)`]),
		...(mail.text.includes('{{') || mail.html.includes('{{') ? ['{{…}} filled in'] : []),
	];
}
