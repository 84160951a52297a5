/** Says in words which ports are taken, by whom, and what to do. */
import { type Language, say } from './language.ts';
import { type Listener, listeners } from './ports.ts';

const TAKEN = {
	en: 'Port {port} ({system}) is taken by process {pid}: {command}',
	es: 'El puerto {port} ({system}) lo ocupa el proceso {pid}: {command}',
};
/** Of another account, or seen from inside a container that shares the network with it. */
const TAKEN_UNSEEN = {
	en: 'Port {port} ({system}) is taken by a process that cannot be seen from here (as root: `ss -ltnp sport = :{port}`)',
	es: 'El puerto {port} ({system}) lo ocupa un proceso que desde aquí no se ve (como root: `ss -ltnp sport = :{port}`)',
};
const ADVICE = {
	en: 'End it, or start beside it: npm run demo -- --port-offset {offset}',
	es: 'Termínelo, o arranque al lado: npm run demo -- --port-offset {offset}',
};

/** Offsets that are tried for the advice: thousands, so that ports stay recognisable. */
const OFFSETS = Array.from({ length: 30 }, (_, index) => (index + 1) * 1000);

/** One sentence a taken port, and an offset at which all ports are free. */
export async function explain(
	taken: readonly Listener[],
	ports: readonly { system: string; port: number }[],
	language: Language,
): Promise<string> {
	const lines = taken.map(({ port, pid, command = '?' }) => {
		const system = ports.find((one) => one.port === port)?.system ?? '';
		return pid === undefined
			? say(language, TAKEN_UNSEEN, { port, system })
			: say(language, TAKEN, { port, system, pid, command });
	});
	for (const offset of OFFSETS) {
		if ((await listeners(ports.map(({ port }) => port + offset))).length > 0) continue;
		return [...lines, say(language, ADVICE, { offset })].join('\n');
	}
	return lines.join('\n');
}
