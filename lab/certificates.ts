/** Certificates for tests and for the lab, made by the `openssl` command: an authority, and servers that it vouches for. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export interface Certificate {
	/** PEM. */
	cert: string;
	/** PEM, not encrypted. */
	key: string;
}

export interface Authority {
	/** PEM of the authority's own certificate. */
	readonly ca: string;
	/**
	 * A server certificate for these DNS names and IP addresses.
	 * @param days may be negative: then it has expired. Default: as long as the authority itself, 2 unless said otherwise
	 */
	issue(names: readonly string[], days?: number): Promise<Certificate>;
}

async function inDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
	const directory = await mkdtemp(join(tmpdir(), 'clinic-hub-cert-'));
	try {
		return await work(directory);
	} finally {
		await rm(directory, { recursive: true });
	}
}

/** A certificate that vouches for itself. */
export function selfSigned(names: readonly string[]): Promise<Certificate> {
	return inDirectory(async (directory) => {
		const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
		const files = ['-keyout', key, '-out', cert];
		await run('openssl', ['req', '-x509', ...NEW_KEY, ...files, '-days', '2', '-subj', '/CN=self', ...altNames(names)]);
		return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
	});
}

/** A new authority; its key is kept in memory only. */
export async function createAuthority(validDays = 2): Promise<Authority> {
	const root = await inDirectory(async (directory) => {
		const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
		const files = ['-keyout', key, '-out', cert];
		await run('openssl', [
			'req',
			'-x509',
			...NEW_KEY,
			...files,
			'-days',
			String(validDays),
			'-subj',
			'/CN=Lab authority',
		]);
		return { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
	});
	return {
		ca: root.cert,
		issue: (names, days = validDays) =>
			inDirectory(async (directory) => {
				const file = (name: string) => join(directory, name);
				await writeFile(file('ca.pem'), root.cert);
				await writeFile(file('ca.key'), root.key, { mode: 0o600 });
				await writeFile(file('names'), `subjectAltName=${list(names)}\n`);
				const request = ['-keyout', file('key.pem'), '-out', file('request.pem'), '-subj', '/CN=lab'];
				await run('openssl', ['req', ...NEW_KEY, ...request]);
				const signer = ['-CA', file('ca.pem'), '-CAkey', file('ca.key'), '-CAcreateserial'];
				const made = ['-out', file('cert.pem'), '-days', String(days), '-extfile', file('names')];
				await run('openssl', ['x509', '-req', '-in', file('request.pem'), ...signer, ...made]);
				return { cert: await readFile(file('cert.pem'), 'utf8'), key: await readFile(file('key.pem'), 'utf8') };
			}),
	};
}

const list = (names: readonly string[]) =>
	names.map((name) => (/^[\d.]+$|:/.test(name) ? `IP:${name}` : `DNS:${name}`)).join(',');

const altNames = (names: readonly string[]) => ['-addext', `subjectAltName=${list(names)}`];
