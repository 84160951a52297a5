/** What the page says to whoever comes back from Google; it has no catalogue of the editor at hand. */

import type { HubError, HubErrorCode } from '../../lib/errors.ts';

export type Language = 'en' | 'es';

export const CONSENT_WORDS = {
	en: {
		done: 'Google Drive is connected',
		close: 'You may close this page and go on in the editor.',
		failed: 'Google Drive is not connected',
	},
	es: {
		done: 'Google Drive está conectado',
		close: 'Puede cerrar esta página y seguir en el editor.',
		failed: 'Google Drive no está conectado',
	},
} as const;

const SPANISH: Partial<Record<HubErrorCode, string>> = {
	DRIVE_CONSENT_REFUSED:
		'Este consentimiento no se pidió aquí, ya se usó, esperó más de diez minutos o empezó en otro navegador. Vuelva al editor y pulse «Conectar».',
	DRIVE_CONSENT:
		'Google no dio permiso para los archivos del hub. Vuelva al editor, pulse «Conectar» y deje marcada la casilla de Google Drive.',
	DRIVE_CREDENTIALS:
		'Google rechaza el cliente OAuth. Compare el ID y el secreto con la consola de Google y la dirección de retorno registrada allí.',
};

const SPANISH_DENIAL = 'El consentimiento se negó. Vuelva al editor, pulse «Conectar» y elija «Continuar».';

/**
 * In English what the error says; in Spanish by its kind.
 * @param denied the person clicked so
 */
export function refusalWords(language: Language, { code, message }: HubError, denied: boolean): string {
	if (language === 'en') return message;
	if (denied && code === 'DRIVE_CONSENT_REFUSED') return SPANISH_DENIAL;
	return SPANISH[code] ?? `Vuelva al editor y pulse «Conectar» otra vez (${code}).`;
}
