/** The record of who did what: operator actions, and what the hub decided by itself that a person may ask about. */

export interface AuditEvent {
	/** When, ISO 8601 in UTC. */
	at: string;
	/** `<topic>.<action>`, for example `mail.replay`. */
	action: string;
	/** The signed-in person, or `hub` for the hub itself. */
	actor: string;
	/** What it was done to: an id, a queue, a node; never an address or a body. */
	subject: string;
	/** How it ended. */
	outcome: 'done' | 'refused' | 'failed';
	/** Further facts; never a secret, an address or a patient datum. */
	details?: Record<string, unknown>;
}

/** Writes one audit event; must not throw and must not block the action that it records. */
export type Audit = (event: Omit<AuditEvent, 'at'>) => void;
