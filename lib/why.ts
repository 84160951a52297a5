/**
 * Frequent reasons why a server cannot be used, as keys: a code says which failure it is, this says what to look at. The
 * editor has a sentence for each in its own languages.
 */

export const WHYS = [
	'networkRefused',
	'nameUnknown',
	'nameServer',
	'noRoute',
	'cut',
	'silent',
	'handshake',
	'certificateExpired',
	'certificateNotYet',
	'certificateUnknown',
	'certificateRevoked',
	'certificateName',
	'certificate',
	'credentials',
	'vhost',
	'later',
	'signInKind',
	'signInNeeded',
	'noStartTls',
	'turnedAway',
	'tlsFromStart',
	'tlsAgreed',
	'sender',
	'recipient',
	'greeting',
	'notSmtp',
] as const;

export type Why = (typeof WHYS)[number];
