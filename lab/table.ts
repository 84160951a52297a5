/** What the person at the terminal reads when everything runs: addresses, credentials, how to get there, what to do. */
import { isIPv6 } from 'node:net';
import type { Endpoint } from './endpoint.ts';
import { type Language, say } from './language.ts';
import type { Address, Text } from './system.ts';

const HEADINGS: Record<'what' | 'url' | 'user' | 'password', Text> = {
	what: { en: 'System', es: 'Sistema' },
	url: { en: 'Address', es: 'Dirección' },
	user: { en: 'User', es: 'Usuario' },
	password: { en: 'Password', es: 'Contraseña' },
};

/** The addresses as an aligned table, ready to print. */
export function addressTable(addresses: readonly Address[], language: Language): string {
	const rows = addresses.map(({ what, url, user = '', password = '' }) => [say(language, what), url, user, password]);
	const heading = Object.values(HEADINGS).map((text) => say(language, text));
	const table = [heading, ...rows];
	const widths = heading.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
	const line = (row: string[]) =>
		`  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd();
	const rule = `  ${widths.map((width) => '─'.repeat(width)).join('  ')}`;
	return [line(heading), rule, ...rows.map(line)].join('\n');
}

/**
 * The command that brings every port to the machine in front of the person; undefined unless this terminal came by ssh.
 * SSH_CONNECTION is `client port server port` (sshd(8)).
 */
export function sshTunnel(
	ports: readonly Pick<Endpoint, 'host' | 'port'>[],
	env: NodeJS.ProcessEnv = process.env,
): string | undefined {
	const [, , server, sshPort] = (env.SSH_CONNECTION ?? '').split(' ');
	if (!server) return undefined;
	const forwards = ports.map(({ host, port }) => `-L ${port}:${isIPv6(host) ? `[${host}]` : host}:${port}`).join(' ');
	const user = env.USER || env.LOGNAME;
	const port = sshPort && sshPort !== '22' ? `-p ${sshPort} ` : '';
	return `ssh -N ${port}${forwards} ${user ? `${user}@` : ''}${server}`;
}
