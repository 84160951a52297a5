/**
 * Hands a stream of bytes from one thread to another through shared memory: a few slots that are filled, sent, read and
 * given back. The sender never runs ahead by more than the slots, so memory stays the same however slow the reader is.
 */
import type { MessagePort } from 'node:worker_threads';
import { HubError } from '../errors.ts';

/** 8 slots of 1 MiB kept both threads busy; more brought nothing (measured). A multiple of age's chunks, in bytes. */
const SLOT_BYTES = 1_048_576;
const SLOTS = 8;

type ToReader = { slot: number; length: number } | { end: 'whole' | 'failed' };
/** The number of a slot that is free again. */
type ToWriter = number;

export function sharedSlots(): SharedArrayBuffer {
	return new SharedArrayBuffer(SLOTS * SLOT_BYTES);
}

function view(memory: SharedArrayBuffer, slot: number, length = SLOT_BYTES): Buffer {
	return Buffer.from(memory, slot * SLOT_BYTES, length);
}

/** The sending side: `take` a slot, fill it, `send` it, and so on; at last `end`. */
export class SlotWriter {
	readonly #memory: SharedArrayBuffer;
	readonly #port: MessagePort;
	readonly #free = Array.from({ length: SLOTS }, (_, slot) => slot);
	#taken = 0;
	#wake: (() => void) | undefined;
	readonly #wakeUp = () => this.#wake?.();

	constructor(memory: SharedArrayBuffer, port: MessagePort) {
		this.#memory = memory;
		this.#port = port;
		port.on('message', (slot: ToWriter) => {
			this.#free.push(slot);
			this.#wakeUp();
		});
	}

	/** An empty slot, as soon as there is one. @throws the reason of `signal` */
	async take(signal: AbortSignal): Promise<Buffer> {
		for (let slot = this.#free.shift(); ; slot = this.#free.shift()) {
			signal.throwIfAborted();
			if (slot !== undefined) {
				this.#taken = slot;
				return view(this.#memory, slot);
			}
			await new Promise<void>((resolve) => {
				this.#wake = resolve;
				signal.addEventListener('abort', this.#wakeUp, { once: true });
			});
			// A large backup waits a hundred thousand times.
			signal.removeEventListener('abort', this.#wakeUp);
		}
	}

	/** Sends the slot taken last. The writer may read it until it takes the next, but not change it. */
	send(length: number): void {
		this.#port.postMessage({ slot: this.#taken, length } satisfies ToReader);
	}

	/** Nothing more comes: `whole` ends the reader's stream, `failed` lets it throw. */
	end(how: 'whole' | 'failed'): void {
		this.#port.postMessage({ end: how } satisfies ToReader);
		this.#port.close();
	}
}

/**
 * The receiving side. Each chunk is valid until the next is asked for.
 * @throws HubError CANCELLED when the sender failed
 */
export async function* readSlots(memory: SharedArrayBuffer, port: MessagePort): AsyncGenerator<Buffer> {
	const arrived: ToReader[] = [];
	let wake: (() => void) | undefined;
	port.on('message', (message: ToReader) => {
		arrived.push(message);
		wake?.();
	});
	try {
		for (;;) {
			const message = arrived.shift();
			if (message === undefined) {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
			} else if ('slot' in message) {
				yield view(memory, message.slot, message.length);
				port.postMessage(message.slot satisfies ToWriter);
			} else if (message.end === 'whole') return;
			else throw new HubError('CANCELLED', 'The stream that was to be read ended early.');
		}
	} finally {
		port.close();
	}
}
