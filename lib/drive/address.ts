/** Where Google answers; with a base address of one's own everything else stays the same. */
import { HubError } from '../errors.ts';
import { isPrivateUrl } from '../http.ts';

export interface GoogleAddresses {
	/** Of the API, without a slash at the end. */
	api: string;
	/** Of tokens. */
	tokens: string;
	/** Of the page on which a person consents; opened by a browser. */
	consent: string;
}

const GOOGLE: GoogleAddresses = {
	api: 'https://www.googleapis.com',
	tokens: 'https://oauth2.googleapis.com',
	consent: 'https://accounts.google.com',
};

/**
 * @param base replaces all three (`DRIVE_API_URL`); default Google's own
 * @param consent only for the browser, where it sees another name than the hub does
 * @throws HubError CONFIG_INVALID for an address to which no secret may go
 */
export function googleAddresses(base?: string, consent?: string): GoogleAddresses {
	if (!base) return GOOGLE;
	if (!isPrivateUrl(base)) {
		throw new HubError('CONFIG_INVALID', 'The address of Google Drive must begin with https://.');
	}
	const origin = base.replace(/\/+$/, '');
	return { api: origin, tokens: origin, consent: consent?.replace(/\/+$/, '') || origin };
}

/** The same call, to where `addresses` say; calls to other places stay as they are. */
export function redirected(url: URL, addresses: GoogleAddresses): URL {
	const place = (Object.keys(GOOGLE) as (keyof GoogleAddresses)[]).find((name) => GOOGLE[name] === url.origin);
	return place ? new URL(`${addresses[place]}${url.pathname}${url.search}`) : url;
}
