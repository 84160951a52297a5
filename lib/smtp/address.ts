/** The one place that decides what a recipient is. */
import { domainToASCII } from 'node:url';

/** RFC 5321 4.5.3.1: octets in a local part, in a path without its brackets, in a label of a domain. */
const MAX_LOCAL = 64;
const MAX_ADDRESS = 254;
const MAX_LABEL = 63;

/** Controls, line separators of Unicode, and marks that turn the direction of what a person reads. */
const CONTROL = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

const LOCAL = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const DOMAIN = /^[\p{L}\p{M}\p{N}-]+(\.[\p{L}\p{M}\p{N}-]+)*$/u;
/** What `domainToASCII` gives back as it is: lower case, no label of IDNA, no number at the end. */
const PLAIN_DOMAIN = /^(?!.*xn--)([a-z0-9-]+\.)*[a-z][a-z0-9-]*$/;
const LABEL = /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$/;

export type ParsedAddress = { address: string; domain: string } | { fault: string };

/** True when a text would end a header line, or show otherwise than it is. */
export function hasControls(text: string): boolean {
	return CONTROL.test(text);
}

/**
 * Takes exactly one addr-spec, `local@domain`, and gives it with an ASCII domain (IDNA). nodemailer reads a line break or a
 * comma in a recipient as the begin of another one (measured), hence nothing but the plain form passes: no display name,
 * comment, group, quoted local part, domain literal or non-ASCII local part. `fault` never repeats the address.
 */
export function parseAddress(text: string): ParsedAddress {
	if (text === '') return { fault: 'The address is empty.' };
	if (hasControls(text)) return { fault: 'The address contains control characters or line breaks.' };
	if (/[,;]/.test(text)) return { fault: 'The field holds more than one address, or a group; give exactly one.' };
	if (/[\s<>()[\]:\\"]/.test(text)) return { fault: 'The address must be plain, as in name@example.org.' };
	const parts = text.split('@');
	const [local = '', domain = ''] = parts;
	if (parts.length !== 2 || local === '' || domain === '')
		return { fault: 'The address must have the form name@domain.' };
	if (/[^ -~]/.test(local))
		return { fault: 'The part before the @ has letters that many mail servers cannot deliver to.' };
	if (!LOCAL.test(local) || local.length > MAX_LOCAL) return { fault: 'The part before the @ is not valid.' };
	const ascii = asciiDomain(domain);
	const labels = ascii.split('.');
	if (!labels.every((label) => LABEL.test(label) && label.length <= MAX_LABEL) || /^\d+$/.test(labels.at(-1) ?? '')) {
		return { fault: 'The part after the @ is not a valid domain.' };
	}
	const address = `${local}@${ascii}`;
	if (address.length > MAX_ADDRESS) return { fault: 'The address is too long.' };
	return { address, domain: ascii };
}

/** Empty when it is none. */
function asciiDomain(domain: string): string {
	// Most are in their final form already, and the conversion is slow.
	if (PLAIN_DOMAIN.test(domain)) return domain;
	return DOMAIN.test(domain) ? domainToASCII(domain) : '';
}
