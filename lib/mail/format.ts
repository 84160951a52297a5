/** Amounts, quantities, days and times in a recipient's language. Decimals stay text: no rounding through floats. */

export interface Formats {
	/** BCP 47 tag, for `lang` and `Content-Language`. */
	readonly locale: string;
	/** Exact decimal text and ISO 4217 code → `$1.528.555`. At least the currency's digits, more where the text has more. */
	money(decimal: string, currency: string): string;
	/** Exact decimal text → `1.528,5`; trailing zeros go. */
	decimal(decimal: string): string;
	/** `2025-06-03` → `3 de junio de 2025`. */
	date(day: string): string;
	/** A time in UTC → `3 de junio de 2025 a las 14:05 UTC`. */
	time(time: string): string;
}

/** Languages and currencies come from messages: caches of their formatters stay small. A formatter takes about 30 µs to make. */
const MAX_CACHED_LOCALES = 64;
const MAX_CACHED_FORMATTERS = 64;

const DECIMAL = /^-?\d+(?:\.(\d+))?$/;

const cache = new Map<string, Formats>();

/** Odoo's code as BCP 47: `es_CL` → `es-CL`, `sr@latin` → `sr-Latn`; null when no such language is known. */
export function toLocale(language: string): string | null {
	const [base = '', variant] = language.split('@');
	const [first = '', ...rest] = base.split('_');
	const script = variant === 'latin' ? ['Latn'] : variant === 'Cyrl' || variant === 'cyrillic' ? ['Cyrl'] : [];
	const tag = [first, ...script, ...rest].join('-');
	try {
		return Intl.NumberFormat.supportedLocalesOf(tag)[0] ?? null;
	} catch (thrown) {
		// Not a well-formed tag; the caller falls back to another language.
		if (thrown instanceof RangeError) return null;
		throw thrown;
	}
}

/** Formatters of a language; an unknown one is formatted as English. */
export function formatsOf(language: string): Formats {
	const known = cache.get(language);
	if (known) return known;
	const made = makeFormats(toLocale(language) ?? 'en-US');
	if (cache.size >= MAX_CACHED_LOCALES) cache.clear();
	cache.set(language, made);
	return made;
}

function makeFormats(locale: string): Formats {
	const numbers = new Map<string, Intl.NumberFormat>();
	const currencyDigits = new Map<string, number>();
	const dateFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' });
	const timeFormat = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeStyle: 'short', timeZone: 'UTC' });

	const numberFormat = (key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat => {
		const known = numbers.get(key);
		if (known) return known;
		// Without "always" Spanish groups from five digits on, and columns of amounts do not line up.
		const made = new Intl.NumberFormat(locale, { useGrouping: 'always', ...options });
		if (numbers.size >= MAX_CACHED_FORMATTERS) numbers.clear();
		numbers.set(key, made);
		return made;
	};

	const digitsOf = (currency: string): number => {
		const known = currencyDigits.get(currency);
		if (known !== undefined) return known;
		const { maximumFractionDigits = 2 } = new Intl.NumberFormat(locale, {
			style: 'currency',
			currency,
		}).resolvedOptions();
		if (currencyDigits.size >= MAX_CACHED_FORMATTERS) currencyDigits.clear();
		currencyDigits.set(currency, maximumFractionDigits);
		return maximumFractionDigits;
	};

	return {
		locale,
		money(decimal, currency) {
			const digits = fractionDigits(decimal);
			if (digits === null || !/^[A-Z]{3}$/.test(currency)) return `${decimal} ${currency}`.trim();
			const usual = digitsOf(currency);
			const shown = Math.max(digits, usual);
			const format = numberFormat(`${currency}:${shown}`, {
				style: 'currency',
				currency,
				minimumFractionDigits: usual,
				maximumFractionDigits: shown,
			});
			return format.format(decimal as Intl.StringNumericLiteral);
		},
		decimal(decimal) {
			const digits = fractionDigits(decimal);
			if (digits === null) return decimal;
			return numberFormat(`:${digits}`, { maximumFractionDigits: digits }).format(decimal as Intl.StringNumericLiteral);
		},
		date(day) {
			const time = Date.parse(`${day}T00:00:00Z`);
			return Number.isNaN(time) ? day : dateFormat.format(time);
		},
		time(text) {
			const time = Date.parse(text);
			return Number.isNaN(time) ? text : `${timeFormat.format(time)} UTC`;
		},
	};
}

/** Digits after the point without trailing zeros; null when it is no decimal. At most 20, which `Intl` takes everywhere. */
function fractionDigits(decimal: string): number | null {
	const match = DECIMAL.exec(decimal);
	if (!match) return null;
	return Math.min((match[1] ?? '').replace(/0+$/, '').length, 20);
}
