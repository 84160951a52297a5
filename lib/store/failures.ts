/** Turns what the two drivers throw into failures that a person can act on. */

import { HubError } from '../errors.ts';

/** SQLite's primary result codes (https://sqlite.org/rescode.html) that mean: the store itself is in trouble. */
const SQLITE_ADVICE: Record<number, string> = {
	5: 'another process is writing it; stop that process or wait',
	6: 'another process is writing it; stop that process or wait',
	8: 'it is read-only; give the hub the right to write the file and its folder',
	10: 'the disk reported an error; check the disk',
	11: 'it is damaged; restore it from a copy',
	13: 'the disk is full; free some space',
	14: 'it cannot be opened; check the path and the rights of its folder',
	23: 'access was denied; check the rights of the file',
	26: 'it is not an SQLite database; check the path',
};

/** Node's codes when the file or its folder cannot be made. */
const FILE_ADVICE: Record<string, string> = {
	EACCES: 'its folder may not be written; give the hub the right to write there',
	EPERM: 'its mode may not be changed; give the file to the user that the hub runs as',
	EROFS: 'its file system is read-only; put the store elsewhere',
	ENOSPC: 'the disk is full; free some space',
	EISDIR: 'it is a folder; name a file',
	ENOTDIR: 'a part of its path is not a folder; correct the path',
	EEXIST: 'a part of its path is not a folder; correct the path',
};

/** Classes and codes of SQLSTATE (PostgreSQL manual, appendix A), the most specific first. */
const POSTGRESQL_ADVICE: [prefix: string, advice: string][] = [
	['28', 'the server refuses user or password; correct HUB_STORE_URL'],
	['3D000', 'the database does not exist; create it or correct HUB_STORE_URL'],
	['42501', 'the user may not do this; make it the owner of the database'],
	['25006', 'the server is read-only; HUB_STORE_URL must name the primary server'],
	['53100', "the server's disk is full; free some space"],
	['53300', 'the server has no free connection; raise max_connections or lower the number of hubs'],
	['53', 'the server is short of resources'],
	['57014', 'a statement took too long and was cancelled'],
	['57', 'the server is shutting down or starting; the hub tries again'],
	['58', 'the server reported an error of its system'],
	['08', 'the connection broke; the hub tries again'],
	['40', 'the server rolled a transaction back in favour of another; the hub tries again'],
];

/** Node's codes of a connection that was not made or broke. */
const NETWORK_ADVICE: Record<string, string> = {
	ECONNREFUSED: 'nothing listens at that address; start PostgreSQL or correct HUB_STORE_URL',
	ENOTFOUND: 'its host name is unknown; correct HUB_STORE_URL',
	EAI_AGAIN: 'its host name cannot be looked up now; check DNS',
	ENOENT: 'its socket does not exist; start PostgreSQL or correct HUB_STORE_URL',
	EACCES: 'its socket may not be used by this user',
	ECONNRESET: 'the connection broke; the hub tries again',
	EPIPE: 'the connection broke; the hub tries again',
	ETIMEDOUT: 'it does not answer; check the network',
	EHOSTUNREACH: 'it cannot be reached; check the network',
	ENETUNREACH: 'it cannot be reached; check the network',
};

/** Texts of `pg` that come without a code. */
const PG_TEXT_ADVICE: [pattern: RegExp, advice: string][] = [
	[/timeout/i, 'it does not answer in time; check the server and the network'],
	[/terminated|closed|not queryable|ended/i, 'the connection broke; the hub tries again'],
	[/password|SASL|SCRAM/i, 'the server refuses user or password; correct HUB_STORE_URL'],
	[/SSL/i, 'no encrypted connection could be agreed on; correct sslmode in HUB_STORE_URL'],
];

function text(thrown: unknown): string {
	return thrown instanceof Error ? thrown.message : String(thrown);
}

function property(thrown: unknown, name: 'code' | 'errcode' | 'severity'): unknown {
	return thrown instanceof Error ? (thrown as Error & Record<string, unknown>)[name] : undefined;
}

/** A failure of the store itself becomes `STORE_UNAVAILABLE`; a mistake in a statement or a violated constraint stays. */
export function sqliteFailure(thrown: unknown, file: string): unknown {
	const errcode = property(thrown, 'errcode');
	const code = property(thrown, 'code');
	// The low byte is the primary code; the rest only refines it.
	const advice = typeof errcode === 'number' ? SQLITE_ADVICE[errcode & 0xff] : FILE_ADVICE[String(code)];
	if (!advice) return thrown;
	return new HubError('STORE_UNAVAILABLE', `The store ${file} cannot be used: ${advice}.`, { cause: thrown });
}

/** As `sqliteFailure`, for PostgreSQL; `where` is the address without a password. */
export function postgresqlFailure(thrown: unknown, where: string): unknown {
	const advice = postgresqlAdvice(thrown);
	if (!advice) return thrown;
	return new HubError('STORE_UNAVAILABLE', `The store at ${where} cannot be used: ${advice}.`, { cause: thrown });
}

function postgresqlAdvice(thrown: unknown): string | undefined {
	// A host name with several addresses fails with one error that holds one for each.
	const first = thrown instanceof AggregateError ? thrown.errors[0] : thrown;
	const code = property(first, 'code');
	if (typeof code === 'string') {
		const known = NETWORK_ADVICE[code];
		if (known) return known;
		if (property(first, 'severity') !== undefined) {
			return POSTGRESQL_ADVICE.find(([prefix]) => code.startsWith(prefix))?.[1];
		}
		if (/CERT|SSL|TLS|SELF_SIGNED|ISSUER/.test(code)) return `its certificate is not accepted (${code})`;
	}
	if (property(first, 'severity') !== undefined) return undefined;
	return PG_TEXT_ADVICE.find(([pattern]) => pattern.test(text(first)))?.[1];
}
