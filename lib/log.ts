/** Where a part of the hub writes what an engineer reads later. Never a secret, an address list or a patient datum. */
export interface Log {
	debug(text: string): void;
	info(text: string): void;
	warn(text: string): void;
	error(text: string): void;
}

/** Discards everything; for tests and for code that runs without a host. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
