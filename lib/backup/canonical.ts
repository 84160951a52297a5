/** One text for one value, so that a signature over it can be checked anywhere. */

/**
 * JSON with sorted keys and without blanks, as RFC 8785 for what records hold: objects, lists, texts, whole numbers,
 * booleans and null. Keys are sorted by UTF-16 code units, as that RFC does.
 * @throws TypeError for anything else
 */
export function canonicalJson(value: unknown): string {
	if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
	if (Number.isSafeInteger(value)) return JSON.stringify(value);
	if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
	if (typeof value === 'object') {
		const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
		return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
	}
	throw new TypeError(`A record holds no ${typeof value} such as ${String(value)}`);
}
