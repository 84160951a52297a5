/** What people read between them and the editor. */

export type Language = 'en' | 'es';

const en = {
	unreachableTitle: 'Keycloak does not answer',
	unreachable:
		'Nobody can sign in at the moment. The flows go on working. This page tries again by itself; if it stays, tell IT.',
	misnamedTitle: 'Keycloak is set up otherwise',
	refusedTitle: 'You may not open the hub',
	refused: 'You are signed in as {name}, but none of your roles opens the hub. Ask {contact} for access.',
	contact: 'your IT department',
	endedTitle: 'This sign-in is over',
	ended: 'It took too long, was used already, or was begun in another browser. Nothing was changed.',
	notConfirmedTitle: 'The sign-in was not confirmed',
	notConfirmed: 'Keycloak did not confirm who you are. Try again; if it stays so, tell IT what stands below.',
	cancelledTitle: 'Not signed in',
	cancelled: 'The sign-in was cancelled.',
	signedOutTitle: 'You are signed out',
	signedOut: 'You can close this page.',
	doneTitle: 'Signed in again',
	done: 'This window can be closed.',
	startingTitle: 'The hub is starting',
	starting: 'One moment, please: this page tries again by itself.',
	tooManyTitle: 'Too many attempts',
	tooMany: 'Too many sign-ins were tried from here. Wait a minute.',
	signIn: 'Sign in',
	signInOther: 'Sign in as somebody else',
	tryAgain: 'Try again',
	emergencyTitle: 'Emergency access',
	emergency: 'For the days on which Keycloak cannot be used. Each use is recorded and IT is told.',
	emergencyWrong: 'That is not the password of the emergency access.',
	password: 'Password',
};

const es: Record<keyof typeof en, string> = {
	unreachableTitle: 'Keycloak no responde',
	unreachable:
		'En este momento nadie puede iniciar sesión. Los flujos siguen funcionando. Esta página lo intenta de nuevo por sí sola; si no cambia, avise a Informática.',
	misnamedTitle: 'Keycloak está configurado de otra manera',
	refusedTitle: 'No puede abrir el hub',
	refused: 'Ha iniciado sesión como {name}, pero ninguno de sus roles abre el hub. Pida acceso a {contact}.',
	contact: 'Informática',
	endedTitle: 'Este inicio de sesión ya no vale',
	ended: 'Tardó demasiado, ya se usó o se empezó en otro navegador. No se ha cambiado nada.',
	notConfirmedTitle: 'No se ha confirmado el inicio de sesión',
	notConfirmed:
		'Keycloak no ha confirmado quién es usted. Inténtelo de nuevo; si sigue igual, diga a Informática lo que aparece abajo.',
	cancelledTitle: 'Sesión no iniciada',
	cancelled: 'Se ha cancelado el inicio de sesión.',
	signedOutTitle: 'Ha cerrado la sesión',
	signedOut: 'Puede cerrar esta página.',
	doneTitle: 'Sesión iniciada de nuevo',
	done: 'Ya puede cerrar esta ventana.',
	startingTitle: 'El hub está arrancando',
	starting: 'Un momento, por favor: esta página lo intenta de nuevo por sí sola.',
	tooManyTitle: 'Demasiados intentos',
	tooMany: 'Desde aquí se ha intentado iniciar sesión demasiadas veces. Espere un minuto.',
	signIn: 'Iniciar sesión',
	signInOther: 'Iniciar sesión como otra persona',
	tryAgain: 'Intentar de nuevo',
	emergencyTitle: 'Acceso de emergencia',
	emergency: 'Para los días en que no se puede usar Keycloak. Cada uso queda registrado y se avisa a Informática.',
	emergencyWrong: 'Esa no es la contraseña del acceso de emergencia.',
	password: 'Contraseña',
};

export type Word = keyof typeof en;
const WORDS: Record<Language, Record<Word, string>> = { en, es };

export function words(language: Language, word: Word, values: Readonly<Record<string, string>> = {}): string {
	return WORDS[language][word].replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

/** The first language of the browser that there is; Spanish is the clinic's. */
export function languageOf(accepted: string | undefined): Language {
	for (const range of (accepted ?? '').split(',')) {
		const tag = range.trim().slice(0, 2).toLowerCase();
		if (tag === 'es' || tag === 'en') return tag;
	}
	return 'es';
}
