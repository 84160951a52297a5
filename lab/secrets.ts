/** Passwords made for one lab and kept in it. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** 18 random bytes are 24 characters in base64url: letters, digits, `-` and `_`, safe in URLs and configuration files. */
const SECRET_BYTES = 18;

/** Gives the secret of a name, made at its first use; kept in `secrets.json`, which only its owner can read. */
export function openSecrets(labDirectory: string): (name: string) => string {
	const file = path.join(labDirectory, 'secrets.json');
	let secrets: Record<string, string> | undefined;
	const load = (): Record<string, string> => {
		try {
			return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
		} catch (thrown) {
			if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return {};
			throw thrown;
		}
	};
	return (name) => {
		secrets ??= load();
		const known = secrets[name];
		if (known !== undefined) return known;
		const made = randomBytes(SECRET_BYTES).toString('base64url');
		secrets[name] = made;
		mkdirSync(labDirectory, { recursive: true });
		writeFileSync(file, `${JSON.stringify(secrets, null, '\t')}\n`, { mode: 0o600 });
		return made;
	};
}
