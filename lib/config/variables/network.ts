/** Read by Node itself. */

import type { Variable } from './variable.ts';

export const NETWORK_VARIABLES: Record<string, Variable> = {
	HTTPS_PROXY: {
		kind: 'text',
		secret: true,
		otherwise: { en: 'no proxy', es: 'sin proxy' },
		text: {
			en: 'Proxy for addresses that begin with `https://`, `http://user:password@host:port`; needs Node 24.5 or later.',
			es: 'Proxy para las direcciones que empiezan por `https://`, `http://usuario:clave@host:puerto`; requiere Node 24.5 o posterior.',
		},
	},
	HTTP_PROXY: {
		kind: 'text',
		secret: true,
		otherwise: { en: 'no proxy', es: 'sin proxy' },
		text: { en: 'The same for `http://`.', es: 'Lo mismo para `http://`.' },
	},
	NO_PROXY: {
		kind: 'text',
		text: {
			en: 'Hosts that are reached without the proxy, separated by commas: `localhost,.clinic.example`.',
			es: 'Hosts a los que se llega sin el proxy, separados por comas: `localhost,.clinica.example`.',
		},
	},
	NODE_EXTRA_CA_CERTS: {
		kind: 'text',
		text: {
			en: "Path of a PEM file with further authorities that are trusted, such as the clinic's own: for every connection over TLS that has no TLS configuration of its own.",
			es: 'Ruta de un archivo PEM con otras autoridades de confianza, como la propia de la clínica: para toda conexión TLS sin configuración TLS propia.',
		},
	},
};
