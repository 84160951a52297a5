/** A directory of Odoo 18's source, which the variable ODOO_SRC names; this project neither holds nor fetches it. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { HubError } from '../../lib/errors.ts';

/** Debian's Python has the packages that Odoo's own packaging names; another one on the PATH does not. */
export const PYTHON = '/usr/bin/python3';

/** What the addon itself needs besides. */
const ADDON_PACKAGES = ['python3-pika'];

/** Throws `CONFIG_INVALID` when it is no Odoo 18. */
export function checkSource(directory: string): void {
	const release = path.join(directory, 'odoo/release.py');
	let text = '';
	try {
		text = readFileSync(release, 'utf8');
		statSync(path.join(directory, 'odoo-bin'));
	} catch (thrown) {
		throw new HubError('CONFIG_INVALID', `ODOO_SRC=${directory} holds no source of Odoo (odoo-bin, odoo/release.py)`, {
			cause: thrown,
		});
	}
	if (!/^version_info = \(18,/m.test(text)) {
		throw new HubError('CONFIG_INVALID', `ODOO_SRC=${directory} is another version of Odoo; the addon is for Odoo 18`);
	}
}

/**
 * The Debian packages that its debian/control depends on, Python's only: fonts and the like are needed for documents in
 * PDF, which a lab does not print.
 */
export function packagesOf(directory: string): string[] {
	let control = '';
	try {
		control = readFileSync(path.join(directory, 'debian/control'), 'utf8');
	} catch {
		return ADDON_PACKAGES; // a source without packaging: its Python packages are the owner's business
	}
	const depends = /^Depends:\n((?:[ #].*\n)+)/m.exec(control)?.[1] ?? '';
	const names = depends
		.split('\n')
		.filter((line) => !line.startsWith('#'))
		// Of alternatives the last exists in every Debian; the first is for newer ones.
		.map((line) => line.split('|').at(-1)?.replace(/[,\s]/g, '') ?? '')
		.filter((name) => name.startsWith('python3-'));
	return [...names, ...ADDON_PACKAGES];
}

/** Directories of addons that its own part holds: the outer ones where it is a checkout, the inner ones where it is a package. */
export function addonsOf(directory: string): string[] {
	return [path.join(directory, 'addons'), path.join(directory, 'odoo/addons')].filter((place) => {
		try {
			return statSync(place).isDirectory();
		} catch {
			return false;
		}
	});
}
