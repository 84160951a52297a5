/**
 * Fills the passwords of `definitions.json` as the hashes that RabbitMQ stores:
 *
 *     node deploy/rabbitmq/fill.ts > /etc/rabbitmq/definitions.json
 *
 * Each `${NAME}` is taken from the environment, or from the file that `NAME_FILE` names.
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The definitions as they lie in the repository, passwords as `${NAME}`. */
export const TEMPLATE_FILE = path.join(import.meta.dirname, 'definitions.json');

const PLACEHOLDER = /^\$\{([A-Z][A-Z0-9_]*)\}$/;

interface User {
	name: string;
	password: string;
	tags: string[];
}

/**
 * The definitions with each user's `password` replaced by its salted hash; everything else stays as it is.
 *
 * @param passwords by the name in the placeholder, e.g. `AMQP_ODOO_PASSWORD`
 * @throws Error naming every password that is missing or empty: an empty one would let anybody in
 */
export function fillDefinitions(template: string, passwords: Readonly<Record<string, string | undefined>>): string {
	const definitions = JSON.parse(template) as { users: User[] };
	const missing: string[] = [];
	const users = definitions.users.map(({ name, password, tags }) => {
		const variable = PLACEHOLDER.exec(password)?.[1];
		const value = variable === undefined ? undefined : passwords[variable];
		if (!value) missing.push(variable ?? `a \${NAME} as password of ${name}`);
		return { name, password_hash: hash(value ?? ''), hashing_algorithm: 'rabbit_password_hashing_sha256', tags };
	});
	if (missing.length) throw new Error(`Missing for the definitions of RabbitMQ: ${missing.join(', ')}`);
	return `${JSON.stringify({ ...definitions, users }, undefined, '\t')}\n`;
}

/** https://www.rabbitmq.com/docs/passwords#computing-password-hash: four bytes of salt stand before the digest. */
function hash(password: string): string {
	const salt = randomBytes(4);
	const digest = createHash('sha256').update(salt).update(password, 'utf8').digest();
	return Buffer.concat([salt, digest]).toString('base64');
}

/** Environment variables, and `X` from the file that `X_FILE` names (one trailing line break is not part of it). */
function fromEnvironment(): Record<string, string | undefined> {
	const found = { ...process.env };
	for (const [name, file] of Object.entries(process.env)) {
		if (name.endsWith('_FILE') && file) found[name.slice(0, -5)] ??= readPassword(name, file);
	}
	return found;
}

function readPassword(name: string, file: string): string | undefined {
	if (!/^AMQP_[A-Z_]*PASSWORD_FILE$/.test(name)) return undefined;
	return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
}

if (import.meta.main) process.stdout.write(fillDefinitions(readFileSync(TEMPLATE_FILE, 'utf8'), fromEnvironment()));
