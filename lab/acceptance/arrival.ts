/** Waiting for a backup: from the flow that makes it to the folder in Google Drive. */
import { setTimeout as delay } from 'node:timers/promises';
import type { DriveFile } from '../../lib/drive/file.ts';
import { HubError } from '../../lib/errors.ts';
import type { Phrase } from '../../nodes/runtime/phrase.ts';
import { type Language, say } from '../language.ts';
import type { Text } from '../system.ts';
import { until } from '../until.ts';
import type { BackupFlow } from './backup-flow.ts';
import type { DriveFolder, StoredBackup } from './folder.ts';
import type { SourceRow } from './hub.ts';

/** The lab's database needs a second or two; a clinic's is packed, sent and compared for as long as it takes. In ms. */
const ARRIVAL_TIMEOUT_MS = { lab: 120_000, deployment: 4 * 3_600_000 };

/** From the time of a schedule to its run; it may lie a minute off where clocks differ. In ms. */
const BEGIN_TIMEOUT_MS = 90_000;

/** Between two looks into Google's folder, in ms; its API counts them. */
const PAUSE_MS = 3_000;

const ARRIVED: Text = {
	en: 'The backup in the folder (the status of the flow’s nodes says how far it is)',
	es: 'La copia en la carpeta (el estado de los nodos del flujo dice por dónde va)',
};
const BEGUN: Text = { en: 'A run begun by the schedule', es: 'Una ejecución que empieza por el horario' };

export class Arrivals {
	readonly #flow: BackupFlow;
	readonly #folder: DriveFolder;
	readonly #options: { database: string; lab: boolean; language: Language; signal: AbortSignal };

	constructor(
		flow: BackupFlow,
		folder: DriveFolder,
		options: { database: string; lab: boolean; language: Language; signal: AbortSignal },
	) {
		this.#flow = flow;
		this.#folder = folder;
		this.#options = options;
	}

	/** What is there and how the flow is, to notice what comes after it. */
	async before(): Promise<{ known: Set<string>; revision: string }> {
		const { database, signal } = this.#options;
		const files = await this.#folder.files(database, signal);
		return { known: new Set(files.map(({ id }) => id)), revision: (await this.#flow.source()).state.revision };
	}

	/** Waits until the node works, or has worked. @throws HubError TIMEOUT */
	async begun({ revision }: { revision: string }): Promise<void> {
		const { language, signal } = this.#options;
		const started = async () => (await this.#flow.source()).state.revision !== revision;
		await until(say(language, BEGUN), started, { timeoutMs: BEGIN_TIMEOUT_MS, signal, language });
	}

	/** The new backup, once it counts. @throws HubError TIMEOUT, `BACKUP_UNTRUSTED`; `INTERNAL` when the node says that it failed */
	async next({ known, revision }: { known: ReadonlySet<string>; revision: string }): Promise<StoredBackup> {
		const { database, lab, language, signal } = this.#options;
		const look = async (during: AbortSignal): Promise<DriveFile | HubError | undefined> => {
			const file = (await this.#folder.files(database, during)).find(({ id }) => !known.has(id));
			if (file) return file;
			const source = await this.#flow.source();
			if (source.state.revision !== revision && /\.failed$/.test(source.state.phrase.key)) return failureOf(source);
			if (!lab) await delay(PAUSE_MS, undefined, { signal: during });
			return undefined;
		};
		const timeoutMs = lab ? ARRIVAL_TIMEOUT_MS.lab : ARRIVAL_TIMEOUT_MS.deployment;
		const found = await until(say(language, ARRIVED), look, { timeoutMs, signal, language });
		if (found instanceof HubError) throw found;
		return this.#folder.examine(found, signal);
	}
}

function failureOf({ label, state }: SourceRow): HubError {
	const { database, reason } = state.phrase.values ?? {};
	const key = (reason as Phrase | undefined)?.key ?? '';
	return new HubError('INTERNAL', `${label} says that the backup of ${database} failed: ${key.split('.').at(-1)}.`);
}
