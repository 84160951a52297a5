/** How flows and the command reach Keycloak, and Odoo as what follows it. */

import type { Variable } from './variable.ts';

export const IDENTITY_VARIABLES: Record<string, Variable> = {
	KEYCLOAK_ISSUER: {
		kind: 'text',
		text: {
			en: 'Public address of the realm, as browsers see it and tokens name it: `https://sso.example.org/realms/clinica`.',
			es: 'Dirección pública del realm, tal como la ven los navegadores y la nombran los tokens: `https://sso.ejemplo.org/realms/clinica`.',
		},
	},
	KEYCLOAK_REALM: {
		kind: 'text',
		default: 'clinica',
		text: { en: 'Name of the realm, as at the end of that.', es: 'Nombre del realm, como al final de aquella.' },
	},
	KEYCLOAK_INTERNAL_URL: {
		kind: 'text',
		default: '',
		otherwise: { en: "the issuer's host", es: 'el host del emisor' },
		text: {
			en: "Where the hub's own calls go, where it sees Keycloak under another name: `http://keycloak:8080`.",
			es: 'Adónde van las llamadas del hub, si ve a Keycloak con otro nombre: `http://keycloak:8080`.',
		},
	},
	KEYCLOAK_READER_ID: {
		kind: 'text',
		default: 'hub-reader',
		text: {
			en: 'Client that reads users and events, and may change nothing.',
			es: 'Cliente que lee usuarios y eventos y no puede cambiar nada.',
		},
	},
	KEYCLOAK_READER_SECRET: { kind: 'text', secret: true, text: { en: 'Its secret.', es: 'Su secreto.' } },
	KEYCLOAK_SCOPE_ROLES: {
		kind: 'text',
		default: 'medicina, enfermeria, compras, farmacia, informatica, auditoria',
		text: {
			en: 'Roles of the realm whose holders get an account of Odoo, separated by commas. Whoever loses all of them is archived, after a person has said so.',
			es: 'Roles del realm cuyos titulares tienen cuenta en Odoo, separados por comas. A quien los pierde todos se le archiva, después de que una persona lo decida.',
		},
	},
	KEYCLOAK_SENTINEL: {
		kind: 'text',
		default: '',
		otherwise: { en: 'none', es: 'ninguno' },
		text: {
			en: 'Id in Keycloak of a user who is always there and enabled; while it is not, nothing is changed in Odoo.',
			es: 'Id en Keycloak de un usuario que siempre está y está activado; si no lo está, no se cambia nada en Odoo.',
		},
	},
	ODOO_DATABASE: {
		kind: 'text',
		text: { en: 'Database of Odoo whose users follow.', es: 'Base de datos de Odoo cuyos usuarios siguen.' },
	},
	ODOO_SYNC_USER: {
		kind: 'text',
		text: {
			en: 'Account of Odoo that the hub uses for it. With the addon `clinic_sso` it needs no right but that of its group; on a stock Odoo the one to administer users.',
			es: 'Cuenta de Odoo que el hub usa para ello. Con el módulo `clinic_sso` no necesita más derecho que el de su grupo; en un Odoo sin él, el de administrar usuarios.',
		},
	},
	ODOO_SYNC_KEY: { kind: 'text', secret: true, text: { en: 'Its API key.', es: 'Su clave de API.' } },
};
