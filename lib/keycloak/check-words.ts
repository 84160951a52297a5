/** What "Test connection" says about Keycloak, in Spanish and English. Menus are named as Keycloak's console has them in English. */

export const CHECK_WORDS = {
	plainHttp: {
		en: 'An address begins with http:// and leaves this machine: the secret travels in the clear. Use https://.',
		es: 'Una dirección empieza por http:// y sale de esta máquina: el secreto viaja sin cifrar. Use https://.',
	},
	issuer: { en: 'Keycloak answers as {issuer}.', es: 'Keycloak responde como {issuer}.' },
	issuerOther: {
		en: 'Keycloak calls itself {found}, not {issuer}. If that is the same realm, start Keycloak with KC_HOSTNAME set to its public address, and with KC_HOSTNAME_BACKCHANNEL_DYNAMIC=true if the hub uses an internal one; otherwise correct the address or the realm here.',
		es: 'Keycloak se presenta como {found}, no como {issuer}. Si es el mismo realm, arranque Keycloak con su dirección pública en KC_HOSTNAME y, si el hub usa una interna, con KC_HOSTNAME_BACKCHANNEL_DYNAMIC=true; si no, corrija aquí la dirección o el realm.',
	},
	realmUnknown: {
		en: 'Keycloak answers, but has no realm “{realm}”, or it is switched off. Correct the name.',
		es: 'Keycloak responde, pero no tiene el realm «{realm}» o está desactivado. Corrija el nombre.',
	},
	master: {
		en: 'This is the realm master, which is for administering Keycloak itself. Use the clinic’s own realm.',
		es: 'Este es el realm master, que sirve para administrar el propio Keycloak. Use el realm de la clínica.',
	},
	client: { en: 'Signed in as the client {client}.', es: 'Conectado como el cliente {client}.' },
	clientRefused: {
		en: '{reason}',
		es: 'Keycloak rechaza al cliente {client}. En Keycloak: Clients, {client}, compruebe que está activo, que «Client authentication» y «Service accounts roles» están marcados (Settings) y que el secreto es el de Credentials.',
	},
	clock: {
		en: 'Keycloak’s clock differs from this machine’s by {seconds} s. Set both by a time server (NTP).',
		es: 'El reloj de Keycloak difiere en {seconds} s del de esta máquina. Ajuste ambos con un servidor de hora (NTP).',
	},
	users: { en: 'It sees {count} users.', es: 'Ve {count} usuarios.' },
	usersNone: {
		en: 'It sees no user at all. Either the role view-users lacks (Clients, {client}, “Service accounts roles”), or this is another realm than the clinic’s.',
		es: 'No ve ningún usuario. O falta el rol view-users (Clients, {client}, «Service accounts roles»), o este realm no es el de la clínica.',
	},
	roleMissing: {
		en: 'The role {role} lacks: {purpose}. In Keycloak: Clients, {client}, “Service accounts roles”, Assign role, client roles, realm-management {role}.',
		es: 'Falta el rol {role}: {purpose}. En Keycloak: Clients, {client}, «Service accounts roles», Assign role, roles de cliente, realm-management {role}.',
	},
	events: {
		en: 'It reads admin events, user events and roles.',
		es: 'Lee los eventos de administración, los de usuario y los roles.',
	},
	adminEventsOff: {
		en: 'Admin events are not stored, so changes show only when everything is read. In Keycloak: Realm settings, Events, Admin events settings, “Save events”.',
		es: 'No se guardan los eventos de administración, así que los cambios solo se ven al leerlo todo. En Keycloak: Realm settings, Events, Admin events settings, «Save events».',
	},
	detailsOff: {
		en: 'Admin events do not keep what was changed, which an investigation would need. In Keycloak: Realm settings, Events, Admin events settings, “Include representation”.',
		es: 'Los eventos de administración no guardan qué se cambió, y una investigación lo necesitaría. En Keycloak: Realm settings, Events, Admin events settings, «Include representation».',
	},
	adminEventsForever: {
		en: 'Admin events never expire: they hold personal data and fill the database. In Keycloak: Realm settings, Events, Admin events settings, “Expiration”, for example 30 days.',
		es: 'Los eventos de administración no caducan nunca: contienen datos personales y llenan la base de datos. En Keycloak: Realm settings, Events, Admin events settings, «Expiration», por ejemplo 30 días.',
	},
	userEventsOff: {
		en: 'User events are not stored, so what people change themselves shows only when everything is read. In Keycloak: Realm settings, Events, User events settings, “Save events”.',
		es: 'No se guardan los eventos de usuario, así que lo que las personas cambian por sí mismas solo se ve al leerlo todo. En Keycloak: Realm settings, Events, User events settings, «Save events».',
	},
	userEventsForever: {
		en: 'User events never expire. In Keycloak: Realm settings, Events, User events settings, “Expiration”, for example 30 days.',
		es: 'Los eventos de usuario no caducan nunca. En Keycloak: Realm settings, Events, User events settings, «Expiration», por ejemplo 30 días.',
	},
	typesMissing: {
		en: 'These user events are not stored: {types}. In Keycloak: Realm settings, Events, User events settings, “Add saved types”.',
		es: 'No se guardan estos eventos de usuario: {types}. En Keycloak: Realm settings, Events, User events settings, «Add saved types».',
	},
	bruteForceOff: {
		en: 'Passwords can be guessed without end. In Keycloak: Realm settings, Security defenses, Brute force detection, “Lockout temporarily”.',
		es: 'Las contraseñas se pueden adivinar sin límite. En Keycloak: Realm settings, Security defenses, Brute force detection, «Lockout temporarily».',
	},
	permanentLockout: {
		en: 'Wrong passwords disable a user for good: any outsider could lock people out. In Keycloak: Realm settings, Security defenses, Brute force detection, “Lockout temporarily”.',
		es: 'Las contraseñas erróneas desactivan al usuario de forma permanente: cualquiera de fuera podría dejar a alguien sin acceso. En Keycloak: Realm settings, Security defenses, Brute force detection, «Lockout temporarily».',
	},
	needless: {
		en: 'It may do more than it needs: {roles}. Whoever steals its secret may, too. In Keycloak: Clients, {client}, “Service accounts roles”, and unassign them.',
		es: 'Puede más de lo que necesita: {roles}. Quien robe su secreto podrá lo mismo. En Keycloak: Clients, {client}, «Service accounts roles», y quítelos.',
	},
} as const;

export type CheckKey = keyof typeof CHECK_WORDS;

/** What each role is for. */
export const PURPOSES = {
	'view-users': { en: 'without it no user is seen', es: 'sin él no se ve ningún usuario' },
	'view-events': { en: 'without it changes are not noticed', es: 'sin él no se notan los cambios' },
	'view-realm': {
		en: 'without it roles cannot be read for all users at once',
		es: 'sin él no se pueden leer los roles de todos los usuarios a la vez',
	},
} as const;
