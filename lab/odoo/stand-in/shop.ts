/** What the stand-in can do: the one place that both its pages and its JSON-RPC use. */
import type { MessageBuilder } from './handover.ts';
import type { Identity } from './identity/identity.ts';
import type { Outbox } from './outbox.ts';
import { factsOf, odooTime } from './purchases.ts';
import type { Records, Row } from './records.ts';

export interface Shop {
	records: Records;
	outbox: Outbox;
	builder: MessageBuilder;
	/** Who may ask, and whom Keycloak decides on. */
	identity: Identity;
	database: string;
	/** The address that stands in links. */
	url: string;
}

const OPEN = ['draft', 'sent'];

/** Confirms orders that are still open, each with its message in one transaction, and returns without waiting for the broker. */
export async function confirm(shop: Shop, ids: readonly number[]): Promise<void> {
	const { records, outbox, builder } = shop;
	const orders = ids
		.map((id) => records.read('purchase.order', id))
		.filter((order): order is Row => order !== undefined && OPEN.includes(String(order.state)));
	const messages = await Promise.all(
		orders.map(async (order) => {
			const facts = factsOf(records, order, shop);
			return { order, uuid: facts.id, ...(await builder.build(facts)) };
		}),
	);
	records.transaction(() => {
		for (const message of messages) {
			// Another request may have confirmed it while its message was written.
			const now = records.read('purchase.order', message.order.id);
			if (!OPEN.includes(String(now?.state))) continue;
			records.write('purchase.order', message.order.id, { state: 'purchase', date_approve: odooTime(Date.now()) });
			outbox.add(message);
		}
	});
	outbox.wake();
}
