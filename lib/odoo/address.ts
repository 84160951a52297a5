/** The address of Odoo as people write it, and as it is meant. */

/** The same for `https://odoo.example`, `https://odoo.example/` and `https://odoo.example/web`: without a slash at its end. */
export function baseAddress(url: string | URL): string {
	const { origin, pathname } = new URL(url);
	return `${origin}${pathname.replace(/\/(?:web|odoo)?\/?$/, '')}`;
}
