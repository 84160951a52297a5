import { HubError } from '../errors.ts';

/** As the contract's `address`: RFC 5321 Mailbox without quoted local parts and address literals, which no supplier has. */
const ADDRESS =
	/^(?=[^@]{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])$/;

/** RFC 5321 section 4.5.3.1.3 allows a path of 256 octets, brackets included. */
const MAX_ADDRESS_CHARACTERS = 254;

/** True for exactly one address in ASCII: no name, no list, no line end. */
export function isAddress(text: string): boolean {
	return text.length <= MAX_ADDRESS_CHARACTERS && ADDRESS.test(text);
}

/**
 * The addresses of a comma- or line-separated list as typed into a node.
 * @throws HubError CONFIG_INVALID naming the place in the list
 * @public read by the fields of a node
 */
export function parseAddresses(text: string): string[] {
	const addresses = text
		.split(/[,;\s]+/)
		.map((part) => part.trim())
		.filter((part) => part !== '');
	for (const [index, address] of addresses.entries()) {
		if (!isAddress(address)) {
			throw new HubError('CONFIG_INVALID', `Address ${index + 1} of the list is not exactly one e-mail address`);
		}
	}
	return addresses;
}
