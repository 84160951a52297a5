/** Old flows keep working: each release that changes a node's properties adds one step, and steps are never changed. */

import { HubError } from '../../lib/errors.ts';
import type { RawNodeConfig } from './node-red.ts';

/** Turns the properties as version N - 1 wrote them into those of version N. Must not change what it is given. */
export type Migration = (config: RawNodeConfig) => RawNodeConfig;

/** Steps by the version that they lead to, from 2 on: the first release of a node is version 1. */
export type Migrations = Record<number, Migration>;

/** The version that a node of this release writes into its property `version`. */
export function latestVersion(migrations: Migrations = {}): number {
	return Math.max(1, ...Object.keys(migrations).map(Number));
}

/**
 * Brings a node's properties up to the latest version; the flow file itself changes with the next deploy from the editor.
 * @throws HubError `CONFIG_INVALID` when a newer release wrote them, or a step is missing (a bug)
 */
export function migrate(config: RawNodeConfig, migrations: Migrations = {}): RawNodeConfig {
	const latest = latestVersion(migrations);
	let version = Number(config['version'] ?? 1);
	if (!Number.isInteger(version) || version < 1) version = 1;
	if (version > latest)
		throw new HubError(
			'CONFIG_INVALID',
			`This node was saved by a newer release (version ${version}, this release knows ${latest}): update the package.`,
		);
	let migrated = config;
	while (version < latest) {
		version += 1;
		const step = migrations[version];
		if (!step) throw new HubError('CONFIG_INVALID', `The step to version ${version} of ${config.type} is missing.`);
		migrated = { ...step(migrated), version };
	}
	return migrated;
}
