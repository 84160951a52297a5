/**
 * A process of its own that uses a store, for tests that need several or that kill one. Takes the store's options as
 * JSON in its argument; announces itself with 'ready', then answers each order with one message.
 */
import { type Lease, openStore, type StoreOptions } from '../../lib/store/store.ts';
import { type NotesTables, notesTopic } from './store-topic.ts';

export type Order =
	| { do: 'migrate' }
	| { do: 'take'; names: string[]; owner: string; ttlMs: number }
	| { do: 'write'; from: number };

const options = JSON.parse(process.argv[2] ?? '{}') as StoreOptions;

async function carryOut(order: Order): Promise<unknown> {
	const store = await openStore(options);
	switch (order.do) {
		case 'migrate':
			await store.topic(notesTopic);
			return 'migrated';
		case 'take': {
			const taken: (Lease | null)[] = [];
			for (const name of order.names) taken.push(await store.lease(name, order));
			return taken.filter((lease) => lease !== null).map(({ name, token }) => ({ name, token }));
		}
		case 'write': {
			const notes = await store.topic<NotesTables>(notesTopic);
			for (let id = order.from; ; id += 1) {
				await notes
					.insertInto('note')
					.values({ id: String(id), text: 'x', at: Date.now() })
					.execute();
				process.send?.({ written: String(id) });
			}
		}
	}
}

process.on('message', (order: Order) => {
	carryOut(order).then(
		(answer) => process.send?.({ answer }),
		(thrown) => process.send?.({ error: thrown instanceof Error ? thrown.message : String(thrown) }),
	);
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
