/** The deployment that is accepted: the running lab, or one that variables name. */
import { HubError } from '../../lib/errors.ts';
import type { Language } from '../language.ts';
import { say } from '../language.ts';

export interface Target {
	odoo: { url: string; database: string; user: string; password: string };
	broker: { url: string; user: string; password: string; vhost: string; queue: string };
	hub: { url: string; token: string | undefined };
	inbox: { url: string };
	/** Where the supplier of the test reads mail; the inbox must show what arrives there. */
	recipient: string;
}

/** The variable, its default, and whether a deployment must set it. `HUB_URL` decides that a deployment is meant. */
const DEFAULTS = {
	HUB_URL: undefined,
	ODOO_URL: undefined,
	ODOO_DATABASE: undefined,
	ODOO_USER: undefined,
	ODOO_PASSWORD: undefined,
	AMQP_MANAGEMENT_URL: undefined,
	AMQP_ADMIN_USER: undefined,
	AMQP_ADMIN_PASSWORD: undefined,
	SMTP_INBOX_URL: undefined,
	AMQP_VHOST: '/',
	AMQP_QUEUE: 'purchase_confirmation_queue',
	HUB_ACCEPT_RECIPIENT: 'aceptacion@proveedor.example',
	HUB_TOKEN: '',
} as const satisfies Record<string, string | undefined>;

const MISSING = {
	en: 'To accept a deployment these variables are missing: {names}. Without HUB_URL the lab on this machine is accepted.',
	es: 'Para aceptar un despliegue faltan estas variables: {names}. Sin HUB_URL se acepta el laboratorio de esta máquina.',
};

/** True when the variables name a deployment. */
export function namesDeployment(env: NodeJS.ProcessEnv): boolean {
	return Boolean(env.HUB_URL);
}

/** Reads the target from variables, a lab's or a deployment's. Throws `CONFIG_INVALID` naming those that are missing. */
export function targetFrom(variables: Record<string, string | undefined>, language: Language): Target {
	const missing: string[] = [];
	const read = (name: keyof typeof DEFAULTS): string => {
		const value = variables[name] || DEFAULTS[name];
		if (value === undefined) missing.push(name);
		return value ?? '';
	};
	const address = (name: keyof typeof DEFAULTS): string => read(name).replace(/\/+$/, '');
	const target: Target = {
		odoo: {
			url: address('ODOO_URL'),
			database: read('ODOO_DATABASE'),
			user: read('ODOO_USER'),
			password: read('ODOO_PASSWORD'),
		},
		broker: {
			url: address('AMQP_MANAGEMENT_URL'),
			user: read('AMQP_ADMIN_USER'),
			password: read('AMQP_ADMIN_PASSWORD'),
			vhost: read('AMQP_VHOST'),
			queue: read('AMQP_QUEUE'),
		},
		hub: { url: address('HUB_URL'), token: read('HUB_TOKEN') || undefined },
		inbox: { url: address('SMTP_INBOX_URL') },
		recipient: read('HUB_ACCEPT_RECIPIENT'),
	};
	if (missing.length > 0) throw new HubError('CONFIG_INVALID', say(language, MISSING, { names: missing.join(', ') }));
	return target;
}
