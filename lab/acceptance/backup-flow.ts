/** The flow that makes backups, as it stands in the hub: found by what it consists of, for names and ids may be changed. */
import { HubError } from '../../lib/errors.ts';
import type { HubSession, SourceRow } from './hub.ts';

interface FlowNode {
	id: string;
	type: string;
	z?: string;
	name?: string;
	label?: string;
	/** Of a tab. */
	disabled?: boolean;
	/** Of a node. */
	d?: boolean;
	topic?: string;
	crontab?: string;
	repeat?: string;
	wires?: string[][];
}

interface Deployed {
	rev: string;
	flows: FlowNode[];
}

/** The interface that tells and takes the revision: a deploy in the editor meanwhile is noticed. */
const VERSION = { 'node-red-api-version': 'v2' };

/** What is deployed stays as it is; only the node that changed begins anew. */
const CHANGED_NODES = { ...VERSION, 'node-red-deployment-type': 'nodes' };

/** Somebody else may deploy between reading and writing; nobody does so all the time. */
const DEPLOY_ATTEMPTS = 3;

/** Topics of Inject nodes that ask for a backup; others cancel, or ask for the state. */
const BACKUP_TOPICS = ['', 'backup'];

export class BackupFlow {
	/** Name of its tab. */
	readonly label: string;
	/** The schedule as a person set it, five fields of cron. */
	readonly crontab: string;
	readonly #hub: HubSession;
	readonly #backup: string;
	readonly #button: string;
	readonly #schedule: string;

	private constructor(hub: HubSession, { tab, backup, button, schedule }: Record<string, FlowNode>) {
		this.#hub = hub;
		this.label = tab?.label ?? '';
		this.#backup = backup?.id ?? '';
		this.#button = button?.id ?? '';
		this.#schedule = schedule?.id ?? '';
		this.crontab = schedule?.crontab ?? '';
	}

	/** @throws HubError `NOT_FOUND` saying what is missing, `FORBIDDEN` */
	static async find(hub: HubSession): Promise<BackupFlow> {
		const { flows } = await deployed(hub);
		const tabs = new Map(flows.filter(({ type, disabled }) => type === 'tab' && !disabled).map((tab) => [tab.id, tab]));
		const running = flows.filter(({ z, d }) => tabs.has(z ?? '') && !d);
		const backups = running.filter(({ type }) => type === 'odoo-backup');
		for (const backup of backups) {
			const asking = running.filter(
				({ type, topic = '', wires = [] }) =>
					type === 'inject' && BACKUP_TOPICS.includes(topic) && wires.flat().includes(backup.id),
			);
			const button = asking.find(({ crontab, repeat }) => !crontab && !repeat);
			const schedule = asking.find(({ crontab }) => crontab);
			const tab = tabs.get(backup.z ?? '');
			if (button && schedule && tab) return new BackupFlow(hub, { tab, backup, button, schedule });
		}
		throw new HubError(
			'NOT_FOUND',
			backups.length === 0
				? 'No enabled flow of the hub has an odoo-backup node. Import the example "backup", or enable its tab; the lab brings it with --fresh.'
				: 'The odoo-backup node has no two Inject nodes before it, one with a button only and one with a time.',
		);
	}

	/** Presses the Inject node's button. */
	async press(): Promise<void> {
		await this.#hub.request('POST', `inject/${this.#button}`, { body: {} });
	}

	/** The running node. @throws HubError `NOT_FOUND` */
	async source(): Promise<SourceRow> {
		const sources = await this.#hub.sources('backup');
		const own = sources.find(({ id }) => id === this.#backup);
		if (own) return own;
		throw new HubError('NOT_FOUND', 'The odoo-backup node is not ready: its status in the editor says what it lacks.');
	}

	/** Gives the schedule another time and leaves everything else. @throws HubError `INTERNAL` when others keep deploying */
	async reschedule(crontab: string): Promise<void> {
		for (let attempt = 1; ; attempt++) {
			const { rev, flows } = await deployed(this.#hub);
			const changed = flows.map((node) => (node.id === this.#schedule ? { ...node, crontab } : node));
			try {
				await this.#hub.request('POST', 'flows', { body: { rev, flows: changed }, headers: CHANGED_NODES });
				return;
			} catch (thrown) {
				if (attempt === DEPLOY_ATTEMPTS || !(thrown instanceof HubError) || thrown.code === 'FORBIDDEN') throw thrown;
			}
		}
	}
}

/** Without credentials, which stay with the hub. */
async function deployed(hub: HubSession): Promise<Deployed> {
	return (await hub.request('GET', 'flows', { headers: VERSION })) as Deployed;
}
