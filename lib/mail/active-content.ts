/** What does not belong into a mail's HTML: scripts, frames, forms, event handlers, links of other schemes. */

const TAG = /<\/?([a-zA-Z][^\s/>]*)((?:"[^"]*"|'[^']*'|[^"'>])*)>?/g;
const ATTRIBUTE = /([^\s"'<>/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/g;

const FORBIDDEN_TAGS = new Set(
	(
		'script iframe frame frameset object embed applet form input button textarea select base link svg math template ' +
		'audio video portal'
	).split(' '),
);
const FORBIDDEN_ATTRIBUTES = new Set(['srcdoc', 'formaction', 'srcset', 'ping', 'xlink:href', 'http-equiv']);

/** Attributes that hold an address. */
export const URL_ATTRIBUTES: ReadonlySet<string> = new Set(
	'href src action background poster cite longdesc data'.split(' '),
);

const SAFE_URL = /^(?:https?:\/\/|mailto:|tel:|cid:|#|$)/i;
const IMAGE_DATA = /^data:image\/(?:png|jpeg|gif|webp);base64,/i;
const NAMED_ENTITIES: Record<string, string> = { colon: ':', tab: '\t', newline: '\n', amp: '&', sol: '/', num: '#' };

/**
 * Looks through HTML for what a mail must not hold; null when there is nothing.
 * Comments are looked through too: Outlook reads conditional ones.
 */
export function findActiveContent(html: string): { what: string; index: number } | null {
	for (const match of html.matchAll(TAG)) {
		const tag = (match[1] ?? '').toLowerCase();
		if (FORBIDDEN_TAGS.has(tag)) return { what: `<${tag}>`, index: match.index };
		for (const attribute of (match[2] ?? '').matchAll(ATTRIBUTE)) {
			const name = (attribute[1] ?? '').toLowerCase();
			if (name.startsWith('on') || FORBIDDEN_ATTRIBUTES.has(name)) {
				return { what: `the attribute ${name.slice(0, 32)}`, index: match.index };
			}
			const value = attribute[2] ?? attribute[3] ?? attribute[4];
			if (value === undefined) continue;
			const url = normalize(value);
			if (/(?:java|vb)script:|expression\(/i.test(url)) return { what: 'a script in an attribute', index: match.index };
			if (!URL_ATTRIBUTES.has(name)) continue;
			if (!SAFE_URL.test(url) && !(name === 'src' && IMAGE_DATA.test(url))) {
				return { what: `an address in ${name} that is not http, https, mailto or tel`, index: match.index };
			}
		}
	}
	return null;
}

/** As a browser reads an address: entities decoded, blanks and control characters dropped. */
function normalize(value: string): string {
	return value
		.replace(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]+));?/gi, (whole, decimal, hexadecimal, named) => {
			if (named !== undefined) return NAMED_ENTITIES[named.toLowerCase()] ?? whole;
			const code = decimal === undefined ? Number.parseInt(hexadecimal, 16) : Number(decimal);
			return code <= 0x10ffff ? String.fromCodePoint(code) : '';
		})
		.replace(/[\s\p{C}]/gu, '');
}
