/** How flows reach RabbitMQ. */

import type { Variable } from './variable.ts';

export const BROKER_VARIABLES: Record<string, Variable> = {
	AMQP_HOST: { kind: 'text', text: { en: 'Host of RabbitMQ.', es: 'Host de RabbitMQ.' } },
	AMQP_PORT: {
		kind: 'port',
		default: 5672,
		text: {
			en: 'AMQP port. Whether TLS is used is chosen in the connection node, not by the port; the ready flow goes without, so for 5671 choose TLS there.',
			es: 'Puerto AMQP. El uso de TLS se elige en el nodo de conexión, no por el puerto; el flujo listo no lo usa: para 5671, elija TLS allí.',
		},
	},
	AMQP_VHOST: { kind: 'text', default: '/', text: { en: 'Virtual host.', es: 'Host virtual.' } },
	AMQP_USER: {
		kind: 'text',
		text: {
			en: 'User that reads the mail queues (`hub-worker`).',
			es: 'Usuario que lee las colas de correo (`hub-worker`).',
		},
	},
	AMQP_PASSWORD: { kind: 'text', secret: true, text: { en: 'Its password.', es: 'Su contraseña.' } },
	AMQP_SIGNATURE_KEYS: {
		kind: 'text',
		secret: true,
		default: '',
		otherwise: { en: 'none: signatures are not looked at', es: 'ninguna: no se comprueban firmas' },
		text: {
			en: 'Keys of the orders, `id=secret`, separated by blanks; with any, only messages signed by one of them are mailed.',
			es: 'Claves de los pedidos, `id=secreto`, separadas por espacios; si hay alguna, solo se envían los mensajes firmados con una de ellas.',
		},
	},
	AMQP_SAMPLE_USER: {
		kind: 'text',
		text: {
			en: 'User that publishes the sample purchase (`hub-sample`).',
			es: 'Usuario que publica la compra de ejemplo (`hub-sample`).',
		},
	},
	AMQP_SAMPLE_PASSWORD: { kind: 'text', secret: true, text: { en: 'Its password.', es: 'Su contraseña.' } },
	AMQP_TAP_USER: {
		kind: 'text',
		text: {
			en: 'User for taps that analysts make (`hub-tap`).',
			es: 'Usuario para las derivaciones que hacen los analistas (`hub-tap`).',
		},
	},
	AMQP_TAP_PASSWORD: { kind: 'text', secret: true, text: { en: 'Its password.', es: 'Su contraseña.' } },
};
