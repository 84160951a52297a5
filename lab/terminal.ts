/** Lines for the person at the terminal; on a real terminal the last one can be rewritten. */

export interface Terminal {
	print: (line: string) => void;
	/** Shows a passing state in place; where the output is a file or a pipe, as a line of its own. */
	update: (line: string) => void;
}

/** Writes to standard output. */
export function terminal(stream: NodeJS.WriteStream = process.stdout): Terminal {
	let passing = false;
	// A closed pipe (`npm run demo | head`) must not end the lab in the middle of its work.
	stream.on('error', () => {});
	return {
		print(line) {
			stream.write(`${passing ? '\r\x1b[K' : ''}${line}\n`);
			passing = false;
		},
		update(line) {
			stream.write(stream.isTTY ? `\r\x1b[K${line}` : `${line}\n`);
			passing = stream.isTTY === true;
		},
	};
}
