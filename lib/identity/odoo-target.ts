/** Which Odoo it is: one with the addon `clinic_sso`, or a stock one. */
import type { IdentityTarget } from './model.ts';
import { SsoTarget } from './sso-target.ts';
import { StockTarget } from './stock-target.ts';

/** What of `OdooRpc` is needed here. */
export interface OdooCalls {
	signIn(): Promise<number>;
	call(model: string, method: string, args: readonly unknown[], named?: object): Promise<unknown>;
}

/**
 * @param issuer public address of the realm, by which a stock Odoo's provider is found
 * @throws HubError as the client
 */
export async function odooTarget(rpc: OdooCalls, issuer: string): Promise<IdentityTarget> {
	// Whoever may read users may ask for their fields; modules are listed to administrators only.
	const fields = await rpc.call('res.users', 'fields_get', [['clinic_sso_suspended']], { attributes: ['type'] });
	const hasAddon = typeof fields === 'object' && fields !== null && 'clinic_sso_suspended' in fields;
	return hasAddon ? new SsoTarget(rpc) : new StockTarget(rpc, issuer);
}
