/** A message under work, from the moment it is known which mail it asks for. */

import type { Delivery } from './delivery.ts';
import type { LedgerEntry, LedgerFacts } from './ledger.ts';
import type { MailMessage } from './message.ts';

export interface Work {
	readonly delivery: Delivery;
	readonly message: MailMessage;
	/** `<database UUID>/<id>`. */
	readonly key: string;
	readonly facts: LedgerFacts;
	/** The ledger's row as this work last saw or wrote it; undefined: none. */
	seen: Pick<LedgerEntry, 'version' | 'attempts'> | undefined;
}

/** Key of a mail in memory, in headers and for operators. */
export function mailKey({ databaseUuid, id }: { databaseUuid: string; id: string }): string {
	return `${databaseUuid}/${id}`;
}
