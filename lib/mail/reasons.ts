/** Why a mail is parked or tried again: the codes of `lib/errors.ts` and the worker's own words, each in a sentence. */

import type { HubErrorCode } from '../errors.ts';

/**
 * - `exhausted`: refused for now at every attempt that the delays allow.
 * - `delivery-limit`: the broker gave it up, for the worker ended again and again while holding it.
 * - `dead-letter`: the broker moved it here for another cause.
 * - `sample-recipient`: a sample for an address that is not on the list.
 */
export type WorkerReason = 'exhausted' | 'delivery-limit' | 'dead-letter' | 'sample-recipient';

export type ReasonCode = HubErrorCode | WorkerReason;

export interface Reason {
	code: ReasonCode;
	/** In English, for a person; may hold the SMTP server's answer and so an address: not for logs. */
	text: string;
}

interface Summary {
	en: string;
	es: string;
}

const SUMMARIES: Partial<Record<ReasonCode, Summary>> = {
	MESSAGE_INVALID: {
		en: 'The message is not what was agreed on.',
		es: 'El mensaje no cumple lo acordado.',
	},
	MESSAGE_VERSION: {
		en: 'The message has a version that the hub does not know.',
		es: 'El mensaje tiene una versión que el hub no conoce.',
	},
	MESSAGE_SIGNATURE: {
		en: 'The message is not signed by a known key.',
		es: 'El mensaje no está firmado con una clave conocida.',
	},
	MESSAGE_SOURCE: {
		en: 'The message comes from a database that is not on the list.',
		es: 'El mensaje viene de una base de datos que no está en la lista.',
	},
	TEMPLATE_INVALID: {
		en: 'The template cannot write this mail.',
		es: 'La plantilla no puede redactar este correo.',
	},
	DOCUMENT_UNAVAILABLE: {
		en: "The order's document cannot be fetched now.",
		es: 'Ahora no se puede obtener el documento del pedido.',
	},
	DOCUMENT_REFUSED: {
		en: "The order's document may not be fetched.",
		es: 'El documento del pedido no se puede adjuntar.',
	},
	DRAFT_MISSING: {
		en: 'The flow did not give the draft back in time.',
		es: 'El flujo no devolvió el borrador a tiempo.',
	},
	SMTP_TEMPORARY: {
		en: 'The mail server cannot take the mail now.',
		es: 'El servidor de correo no puede aceptar el correo ahora.',
	},
	SMTP_PERMANENT: {
		en: 'The mail server refuses this mail.',
		es: 'El servidor de correo rechaza este correo.',
	},
	SMTP_UNKNOWN: {
		en: 'Whether the mail went out is not known.',
		es: 'No se sabe si el correo salió.',
	},
	exhausted: {
		en: 'Every attempt failed.',
		es: 'Todos los intentos fallaron.',
	},
	'delivery-limit': {
		en: 'The worker ended again and again while holding this message.',
		es: 'El proceso terminó una y otra vez mientras tenía este mensaje.',
	},
	'dead-letter': {
		en: 'The broker gave this message up.',
		es: 'RabbitMQ desistió de este mensaje.',
	},
	'sample-recipient': {
		en: 'A sample goes to allowed addresses only.',
		es: 'Una muestra solo va a las direcciones permitidas.',
	},
};

const UNEXPECTED: Summary = {
	en: 'Something went wrong that the hub did not expect.',
	es: 'Algo falló que el hub no esperaba.',
};

/** What a code means, in one sentence a language. */
export function summaryOf(code: string): Summary {
	return Object.hasOwn(SUMMARIES, code) ? (SUMMARIES[code as ReasonCode] ?? UNEXPECTED) : UNEXPECTED;
}
