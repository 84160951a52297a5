/** Which redirect addresses Google will refuse, so that a person learns it before they click. */
import { isIP } from 'node:net';
import { isLoopback } from '../loopback.ts';

export type RedirectProblem = 'malformed' | 'plain' | 'ipAddress' | 'privateName' | 'fragment';

/** Endings that no public register knows (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, and what networks use at home). */
const PRIVATE_ENDINGS =
	/(^|\.)(local|localdomain|lan|internal|intranet|home|corp|private|test|example|invalid|home\.arpa)$/i;

const REMEDY = 'Open the editor by a public name with https://, or connect on a workstation: clinic-hub drive connect.';

const TEXTS: Record<RedirectProblem, { en: string; es: string }> = {
	malformed: { en: 'This is no address.', es: 'Esto no es una dirección.' },
	plain: {
		en: `Google sends nobody back to an address without https://. ${REMEDY}`,
		es: 'Google no devuelve a nadie a una dirección sin https://. Abra el editor con un nombre público y https://, o conecte desde un puesto de trabajo: clinic-hub drive connect.',
	},
	ipAddress: {
		en: `Google sends nobody back to an IP address. ${REMEDY}`,
		es: 'Google no devuelve a nadie a una dirección IP. Abra el editor con un nombre público y https://, o conecte desde un puesto de trabajo: clinic-hub drive connect.',
	},
	privateName: {
		en: `Google sends nobody back to a name that exists in this network only. ${REMEDY}`,
		es: 'Google no devuelve a nadie a un nombre que solo existe en esta red. Abra el editor con un nombre público y https://, o conecte desde un puesto de trabajo: clinic-hub drive connect.',
	},
	fragment: {
		en: 'Google refuses a redirect address with #, a user name, or a wildcard.',
		es: 'Google rechaza una dirección de retorno con #, un nombre de usuario o un comodín.',
	},
};

/**
 * Why Google will refuse to send a browser back there, in words; undefined for an address that it takes once it is
 * registered: https://developers.google.com/identity/protocols/oauth2/web-server#uri-validation
 */
export function redirectProblem(
	address: string,
): { problem: RedirectProblem; text: { en: string; es: string } } | undefined {
	const problem = problemOf(address);
	return problem && { problem, text: TEXTS[problem] };
}

function problemOf(address: string): RedirectProblem | undefined {
	if (!URL.canParse(address)) return 'malformed';
	const url = new URL(address);
	if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'malformed';
	if (url.hash !== '' || url.username !== '' || address.includes('*')) return 'fragment';
	if (isLoopback(url.hostname)) return undefined;
	if (isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0) return 'ipAddress';
	if (!url.hostname.includes('.') || PRIVATE_ENDINGS.test(url.hostname)) return 'privateName';
	return url.protocol === 'http:' ? 'plain' : undefined;
}
