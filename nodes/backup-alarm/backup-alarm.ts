/** `backup-alarm`: asks Drive and the drills whether the clinic could be brought back, and says when it could not. */

import type { AlarmTools } from '../../lib/backup/alarm-run.ts';
import type { AlarmWatch } from '../../lib/backup/alarm-watch.ts';
import { HubError } from '../../lib/errors.ts';
import { driveConnection } from '../google-drive/connection.ts';
import { odooConnection } from '../odoo-server/connection.ts';
import { defineNode, type HubNode, type NodeInput } from '../runtime/define-node.ts';
import type { NodeAPI } from '../runtime/node-red.ts';
import { type AlarmConfig, type AlarmSecrets, alarmNode } from './config.ts';
import { noticeMessage, statePayload } from './messages.ts';
import { alarmStatus, trialPhrase } from './status.ts';
import { defineAlarmTest } from './test-alarm.ts';
import { isOutcome, type TrialResult, Trials } from './trial.ts';

export interface Running {
	watch: AlarmWatch;
	trials: Trials;
	/** Sends a labelled test on the way of a real alarm. */
	test(actor: string, signal: AbortSignal): Promise<TrialResult>;
	actor: string;
	/** Takes it from those that the dialog can test. */
	remove(): void;
}

const MINUTE_MS = 60_000;
const GIGABYTE = 1_000_000_000;

/** Schedules send no topic. */
const CHECK: readonly unknown[] = [undefined, '', 'check'];

export default function (RED: NodeAPI): void {
	const running = new Map<string, Running>();
	defineAlarmTest(RED, running);

	defineNode(RED, {
		...alarmNode,
		async setup(node): Promise<Running> {
			const { config, secrets, hub, status, log } = node;
			const [tools, report] = await toolsOf(node);
			const { AlarmWatch } = await import('../../lib/backup/alarm-watch.ts');
			const { AlarmMemory } = await import('../../lib/backup/alarm-memory.ts');
			status.set('ready', { key: 'backup-alarm.status.ready' });
			const watch = new AlarmWatch({
				async ask(signal) {
					const { askAlarm } = await import('../../lib/backup/alarm-run.ts');
					const answer = await askAlarm(tools, signal);
					report(answer.findings.find(({ code }) => code === 'cannotAsk')?.parameters);
					return answer;
				},
				memory: new AlarmMemory(hub.store, node.id),
				signs: { backup: secrets.backupSign, drill: secrets.drillSign },
				everyMs: config.minutes * MINUTE_MS,
				log,
				onAsking: () => status.set('busy', { key: 'backup-alarm.status.asking' }),
				onState(state) {
					const { tone, phrase } = alarmStatus(state);
					status.set(tone, phrase);
					node.send(null, { topic: 'state', payload: statePayload(state) });
				},
				onTell: (kind, notice, state) => node.send(noticeMessage(kind, notice, state)),
			});
			const trials = new Trials();
			const entry: Running = {
				watch,
				trials,
				actor: `flow:${node.id}`,
				async test(actor, signal) {
					const send = (notice: Parameters<typeof noticeMessage>[1]) =>
						node.send(noticeMessage('test', notice, undefined));
					const result = await trials.run(send, AbortSignal.any([signal, node.signal]));
					recordTest(node, actor, result);
					return result;
				},
				remove: () => void (running.get(node.id) === entry && running.delete(node.id)),
			};
			running.set(node.id, entry);
			return entry;
		},
		run: handle,
		async close({ watch, remove }) {
			remove();
			await watch.close();
		},
		health: ({ watch }) => watch.report,
	});
}

/** What the question needs, and where the connection to Drive is told how it went. */
async function toolsOf(
	node: HubNode<AlarmConfig, AlarmSecrets>,
): Promise<[AlarmTools, (failure: Record<string, unknown> | undefined) => void]> {
	const { config, hub } = node;
	const drive = await node.connection(driveConnection, config.drive);
	const odoo = config.odoo ? await node.connection(odooConnection, config.odoo) : undefined;
	const { LoginWatch } = await import('../../lib/backup/alarm-login.ts');
	const { maxAgeHours, maxDrillDays, keyCheckDays, kept, spaceGb, verifying, recovery } = config;
	const tools: AlarmTools = {
		...{ open: (signal) => drive.open(signal), store: hub.store, owner: hub.instance, verifying, recovery, kept },
		rules: { maxAgeHours, maxDrillDays, keyCheckDays },
		place: odoo?.place,
		logins: odoo?.login && new LoginWatch({ url: odoo.place.url, ...odoo.login }),
		spaceBytes: spaceGb && spaceGb * GIGABYTE,
	};
	return [tools, (failure) => drive.report(failure && failureOf(failure))];
}

function failureOf({ code, text }: Record<string, unknown>): HubError {
	return new HubError(code as HubError['code'], String(text));
}

function recordTest(
	{ id, audit, status }: HubNode<AlarmConfig, AlarmSecrets>,
	actor: string,
	result: TrialResult,
): void {
	const taken = result.channels.filter(({ outcome }) => outcome === 'delivered').map(({ channel }) => channel);
	const outcome = taken.length > 0 && taken.length === result.channels.length ? 'done' : 'failed';
	audit({ action: 'backup.test-alarm', actor, subject: id, outcome, details: { taken } });
	status.set(outcome === 'done' ? 'ready' : 'waiting', trialPhrase(result));
}

async function handle({ message, send, signal }: NodeInput, running: Running): Promise<void> {
	const { topic } = message;
	const { watch, trials, actor } = running;
	if (isOutcome(topic)) return trials.outcome(message);
	if (topic === 'test') {
		const payload = await running.test(actor, signal);
		return send(null, { ...message, topic: 'test', payload });
	}
	if (!CHECK.includes(topic)) throw new HubError('CONFIG_INVALID', 'msg.topic must be check (or empty) or test.');
	await watch.check();
}
