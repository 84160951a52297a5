/** Access tokens, by a person's consent or by a service account's key, kept fresh. */
import type { AuthClient, OAuth2Client } from 'google-auth-library';
import { HubError } from '../errors.ts';
import { type GoogleAddresses, redirected } from './address.ts';
import { agentFor } from './agents.ts';
import { SCOPES } from './scopes.ts';

export type DriveAccount =
	| {
			kind: 'consent';
			clientId: string;
			clientSecret: string;
			refreshToken: string;
			/** Scopes that were granted, where they are known. */
			scope?: string;
			/** ms since 1970; only where Google said that the consent ends. */
			expiresAt?: number;
	  }
	| {
			kind: 'service-account';
			/** The JSON that Google's console gives to download. */
			key: string;
	  };

/**
 * Google's own sign-in, on connections that honour the proxy, without its retries (`patience.ts` has those).
 * @param callMs for one call
 * @throws HubError CONFIG_INVALID for a key that is none
 */
export async function signIn(account: DriveAccount, addresses: GoogleAddresses, callMs: number): Promise<AuthClient> {
	const { gaxios, JWT, OAuth2Client } = await import('google-auth-library');
	const transporter = new gaxios.Gaxios({ agent: agentFor, timeout: callMs });
	transporter.interceptors.request.add({
		resolved: async (config) => {
			config.url = redirected(new URL(config.url), addresses);
			config.retry = false;
			delete config.retryConfig;
			return config;
		},
	});
	if (account.kind === 'consent') {
		const { clientId, clientSecret, refreshToken } = account;
		const client: OAuth2Client = new OAuth2Client({ clientId, clientSecret, transporter });
		client.setCredentials({ refresh_token: refreshToken });
		return client;
	}
	const { email, key } = serviceAccountOf(account.key);
	return new JWT({ email, key, scopes: [SCOPES.everything], transporter });
}

/** Who a service account's key belongs to. @throws HubError CONFIG_INVALID */
export function serviceAccountOf(text: string): { email: string; key: string; project: string } {
	let json: Record<string, unknown>;
	try {
		json = JSON.parse(text) as Record<string, unknown>;
	} catch {
		throw new HubError('CONFIG_INVALID', 'The key of the service account is not the JSON that Google’s console gives.');
	}
	const { type, client_email: email, private_key: key, project_id: project } = json ?? {};
	if (type !== 'service_account' || typeof email !== 'string' || typeof key !== 'string') {
		throw new HubError(
			'CONFIG_INVALID',
			'This is no key of a service account. In Google’s console: Service Accounts, Keys, Add key, JSON.',
		);
	}
	return { email, key, project: String(project ?? '') };
}
