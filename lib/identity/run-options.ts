/** What a synchronisation needs, and how one run of it is asked for. */
import type { Store } from '../store/store.ts';
import type { IdentitySource, IdentityTarget } from './model.ts';
import type { IdentitySettings } from './rules.ts';

export interface SyncOptions {
	source: IdentitySource;
	target: IdentityTarget;
	store: Store;
	settings: IdentitySettings;
	/** Names the realm and the Odoo, as `clinica → odoo.example/clinica`; two hubs with the same never run at once. */
	pair: string;
	/** Of this process. */
	owner: string;
	/** See `confirmById`. */
	apartMs?: number;
	/** Clock, ms. */
	now?: () => number;
}

export interface RunOptions {
	/** Plans and says what would be done; changes nothing, neither in Odoo nor in the store. */
	dryRun?: boolean;
	signal?: AbortSignal | undefined;
	progress?: (phase: 'reading' | 'applying', done: number, total: number) => void;
}
