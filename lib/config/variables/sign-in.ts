/** The variables of the editor's sign-in. */

import type { VariableGroup } from './variable.ts';

export const SIGN_IN_VARIABLES = {
	HUB_URL: {
		kind: 'text',
		text: {
			en: 'Where browsers reach the hub, such as `https://hub.example`. Keycloak sends them back to `/clinic-hub/auth/callback` there. With it `npm run accept` tests that deployment, as the variables of its table name it.',
			es: 'Dirección con la que los navegadores llegan al hub, como `https://hub.example`. Keycloak los devuelve allí a `/clinic-hub/auth/callback`. Con ella, `npm run accept` prueba ese despliegue, tal como lo nombran las variables de su tabla.',
		},
	},
	KEYCLOAK_HUB_ID: {
		kind: 'text',
		default: 'clinic-hub',
		text: { en: "Keycloak's client of the editor.", es: 'Cliente de Keycloak del editor.' },
	},
	KEYCLOAK_HUB_SECRET: {
		kind: 'text',
		secret: true,
		text: {
			en: 'Its secret. With it, `HUB_URL` and `KEYCLOAK_ISSUER`, the hub opens only to people who sign in with Keycloak.',
			es: 'Su secreto. Con él, `HUB_URL` y `KEYCLOAK_ISSUER`, el hub solo se abre a quien inicia sesión con Keycloak.',
		},
	},
	HUB_SESSION_IDLE_MINUTES: {
		kind: 'number',
		default: 60,
		min: 1,
		max: 1440,
		text: {
			en: 'A session of the editor ends after so many minutes without use.',
			es: 'Una sesión del editor termina tras estos minutos sin uso.',
		},
	},
	HUB_SESSION_HOURS: {
		kind: 'number',
		default: 10,
		min: 1,
		max: 168,
		text: {
			en: 'However busy, a session ends after so many hours.',
			es: 'Aunque se use sin pausa, una sesión termina tras estas horas.',
		},
	},
	HUB_SESSION_GRACE_MINUTES: {
		kind: 'number',
		default: 15,
		min: 0,
		max: 1440,
		text: {
			en: 'While Keycloak cannot be asked, sessions hold for so many minutes.',
			es: 'Mientras no se puede preguntar a Keycloak, las sesiones se mantienen estos minutos.',
		},
	},
	HUB_OPEN_PATHS: {
		kind: 'text',
		otherwise: { en: 'none', es: 'ninguna' },
		text: {
			en: 'Paths of HTTP-in routes and dashboards that need no sign-in, separated by commas; `/*` at the end opens what is below.',
			es: 'Rutas de nodos HTTP-in y paneles que no piden inicio de sesión, separadas por comas; `/*` al final abre lo que hay debajo.',
		},
	},
	HUB_CONTACT: {
		kind: 'text',
		otherwise: { en: '“your IT department”', es: '«Informática»' },
		text: {
			en: 'Whom somebody without a role is told to ask.',
			es: 'A quién se dice que acuda quien no tiene ningún rol.',
		},
	},
	HUB_TRUSTED_PROXIES: {
		kind: 'number',
		default: 0,
		min: 0,
		max: 5,
		text: {
			en: 'How many proxies stand before the hub; `X-Forwarded-For` is believed for so many and not otherwise.',
			es: 'Cuántos proxies hay delante del hub; solo de esos se cree `X-Forwarded-For`.',
		},
	},
	HUB_EMERGENCY_HASH: {
		kind: 'text',
		secret: true,
		otherwise: { en: 'no emergency access', es: 'sin acceso de emergencia' },
		text: {
			en: 'Hash (`node-red admin hash-pw`) of the password of the emergency access, `/clinic-hub/auth/emergency`, for days without Keycloak.',
			es: 'Hash (`node-red admin hash-pw`) de la contraseña del acceso de emergencia, `/clinic-hub/auth/emergency`, para los días sin Keycloak.',
		},
	},
	HUB_CSP: {
		kind: 'text',
		otherwise: { en: 'nothing', es: 'nada' },
		text: {
			en: 'Sources added to the content security policy, as `img-src https://logo.example; connect-src https://…`.',
			es: 'Orígenes que se añaden a la política de seguridad de contenido, como `img-src https://logo.example; connect-src https://…`.',
		},
	},
} as const satisfies VariableGroup['variables'];
