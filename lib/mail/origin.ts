import { HubError } from '../errors.ts';

/**
 * The origin of an address as typed, such as `https://odoo.clinica.cl`; null when nothing is typed.
 * @throws HubError CONFIG_INVALID when it is more or other than scheme, host and port
 * @public read by the fields of a node
 */
export function parseOrigin(text: string): string | null {
	const trimmed = text.trim().replace(/\/$/, '');
	if (trimmed === '') return null;
	const url = URL.parse(trimmed);
	if (!url || !/^https?:$/.test(url.protocol) || url.origin !== trimmed.toLowerCase()) {
		throw new HubError(
			'CONFIG_INVALID',
			'The address of Odoo must be scheme, name and port only: https://odoo.clinica.cl',
		);
	}
	return url.origin;
}

/** True when an address is http or https, carries no credentials, and belongs to the origin. No origin allows nothing. */
export function isOfOrigin(address: string, origin: string | null): boolean {
	const url = URL.parse(address);
	return (
		url !== null &&
		/^https?:$/.test(url.protocol) &&
		url.username === '' &&
		url.password === '' &&
		url.origin === origin
	);
}
