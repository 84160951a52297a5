/** How the programs that the lab needs are installed elsewhere than on Debian, whose packages `lab/apt.ts` installs. */
import { findProgram } from './programs.ts';

interface Manager {
	/** Program by which it is recognised, on the PATH. */
	program: string;
	/** What is typed before the names of packages. */
	install: string;
}

const MANAGERS = {
	dnf: { program: 'dnf', install: 'sudo dnf install' },
	pacman: { program: 'pacman', install: 'sudo pacman -S --needed' },
	zypper: { program: 'zypper', install: 'sudo zypper install' },
	brew: { program: 'brew', install: 'brew install' },
} as const satisfies Record<string, Manager>;

/**
 * A program (the last part of its path) or `python3-` and a module, to the package that has it; where a manager offers
 * none it is left out.
 */
const PACKAGES: Record<string, Partial<Record<keyof typeof MANAGERS, string>>> = {
	'rabbitmq-server': { dnf: 'rabbitmq-server', pacman: 'rabbitmq', zypper: 'rabbitmq-server', brew: 'rabbitmq' },
	epmd: { dnf: 'erlang-erts', pacman: 'erlang-core', zypper: 'erlang-epmd', brew: 'erlang' },
	openssl: { dnf: 'openssl', pacman: 'openssl', zypper: 'openssl', brew: 'openssl' },
	postgres: { dnf: 'postgresql-server', pacman: 'postgresql', zypper: 'postgresql-server', brew: 'postgresql' },
	chromium: { dnf: 'chromium', pacman: 'chromium', zypper: 'chromium' },
	python3: { dnf: 'python3', pacman: 'python', zypper: 'python3', brew: 'python3' },
	java: {
		dnf: 'java-21-openjdk-headless',
		pacman: 'jre21-openjdk-headless',
		zypper: 'java-21-openjdk-headless',
		brew: 'openjdk@21',
	},
	mvn: { dnf: 'maven', pacman: 'maven', zypper: 'maven', brew: 'maven' },
	'python3-pika': { dnf: 'python3-pika', pacman: 'python-pika', zypper: 'python3-pika' },
	'python3-jsonschema': { dnf: 'python3-jsonschema', pacman: 'python-jsonschema', zypper: 'python3-jsonschema' },
};

export interface Instruction {
	/** The line to type; undefined where no known manager is here or it offers none of them. */
	command?: string;
	/** Programs that it does not bring. */
	left: string[];
}

/** What installs these programs with the package manager found on the PATH. */
export async function instructionFor(programs: readonly string[]): Promise<Instruction> {
	for (const [name, manager] of Object.entries(MANAGERS)) {
		if ((await findProgram(manager.program)) === undefined) continue;
		const packageOf = (program: string) => PACKAGES[program.split('/').at(-1) ?? '']?.[name as keyof typeof MANAGERS];
		const names = new Set(programs.map(packageOf).filter((found) => found !== undefined));
		const left = programs.filter((program) => packageOf(program) === undefined);
		return names.size === 0 ? { left } : { command: `${manager.install} ${[...names].join(' ')}`, left };
	}
	return { left: [...programs] };
}
