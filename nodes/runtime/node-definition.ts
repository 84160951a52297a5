/** What a node file writes down, and what its code is given. */

import type { Audit } from '../../lib/audit.ts';
import type { HealthReport } from '../../lib/health.ts';
import type { Log } from '../../lib/log.ts';
import type { Connection } from './connection.ts';
import type { Fields, Problem, ValuesOf } from './fields.ts';
import type { Hub } from './hub.ts';
import type { Migrations } from './migrate.ts';
import type { FlowMessage, OutputMessage } from './node-red.ts';
import type { NodeStatus } from './status.ts';
import type { TypedInput } from './typed-input.ts';

/** The node as its own code sees it. */
export interface HubNode<Config, Secrets> {
	readonly id: string;
	readonly name: string | undefined;
	/** The flow it stands on; undefined for a connection that all flows share. */
	readonly flow: string | undefined;
	readonly config: Config;
	readonly secrets: Secrets;
	readonly status: NodeStatus;
	readonly hub: Hub;
	/** Into Node-RED's log and the debug sidebar, under this node. */
	readonly log: Log;
	/** The hub's audit record. */
	readonly audit: Audit;
	/** Aborted when the node closes. */
	readonly signal: AbortSignal;
	/** For messages that answer no input. Inside `run` use `input.send`. */
	send(...outputs: OutputMessage[]): void;
	/** Reports a failure that answers no input: log, debug sidebar, Catch nodes and status. */
	fail(error: unknown): void;
	/** What a chosen connection offers. @throws HubError `CONFIG_INVALID` */
	connection<T>(kind: Connection<T>, id: string | undefined): Promise<T>;
	/** To be thrown by `setup` for what only the chosen connections tell: listed in the status as what is missing. */
	notReady(...problems: Problem[]): Error;
}

/** One message that arrived. */
export interface NodeInput {
	/** The message itself; change and send it on rather than making a new one. */
	readonly message: FlowMessage;
	/** One argument an output. */
	send(...outputs: OutputMessage[]): void;
	/** The value of a typed input for this message. @throws HubError `CONFIG_INVALID` */
	read(input: TypedInput): Promise<unknown>;
	/** Aborted when the node closes. */
	readonly signal: AbortSignal;
}

export interface NodeDefinition<F extends Fields, S extends Fields, Deps> {
	type: string;
	/** Properties in the flow file. */
	fields: F;
	/** Credentials: kept encrypted, shown by the editor as dots only. */
	secrets?: S;
	/** Steps from older versions of the properties; see migrate.ts. */
	migrations?: Migrations;
	/** What a field alone cannot tell, such as "a password needs a user". */
	validate?(config: ValuesOf<F>, secrets: ValuesOf<S>): Problem[];
	/**
	 * Builds what `run` needs and starts what runs by itself. No network here: a node starts whether or not its servers
	 * run. Called only when nothing is missing. For a config node the result is what `connection` gives to others.
	 */
	setup(node: HubNode<ValuesOf<F>, ValuesOf<S>>): Deps | Promise<Deps>;
	/** Handles one message; several run at once. Throws to fail: Catch nodes and status get the error. */
	run?(input: NodeInput, deps: Deps): void | Promise<void>;
	/** Ends what `setup` started: gracefully within 2 s, then by force. `removed`: the node was deleted or disabled. */
	close?(deps: Deps, how: { removed: boolean }): void | Promise<void>;
	/** State for health; default: what the status says. */
	health?(deps: Deps): HealthReport;
}
