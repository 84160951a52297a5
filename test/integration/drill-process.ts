/** Runs one drill from a process of its own that may be killed; what to do comes as JSON in the first argument. */
import { drillFile } from '../../lib/backup/drill-run.ts';
import type { DrillTarget } from '../../lib/backup/restore-drill.ts';
import { sealer } from '../../lib/store/sealed.ts';
import { openStore } from '../../lib/store/store.ts';

export interface DrillOrders {
	storeFile: string;
	storeSecret: string;
	leaseMs: number;
	target: DrillTarget;
	targetUrl: string;
	verifying: string[];
	identities: string[];
	file: string;
}

const orders = JSON.parse(process.argv[2] ?? '') as DrillOrders;
const store = await openStore({ file: orders.storeFile });
await drillFile(
	{ ...orders, store: async () => store, sealer: () => sealer([orders.storeSecret]), owner: `killed ${process.pid}` },
	orders.file,
	{ signal: new AbortController().signal },
);
