/** Groups of an Odoo with purchases, as one of version 18 was measured to have them: number, XML id, name, what they bring along. */

export interface Group {
	number: number;
	id: string;
	name: string;
	/** All of them, not only the next ones. */
	implies: readonly number[];
}

const ROWS: readonly [number: number, id: string, name: string, implies: readonly number[]][] = [
	[1, 'base.group_user', 'User types / Internal User', [7]],
	[2, 'base.group_erp_manager', 'Administration / Access Rights', [1, 7]],
	[3, 'base.group_sanitize_override', 'Bypass HTML Field Sanitize', []],
	[4, 'base.group_system', 'Administration / Settings', [2, 3, 12, 13, 1, 7]],
	[5, 'base.group_multi_company', 'Extra Rights / Multi Companies', []],
	[6, 'base.group_multi_currency', 'Extra Rights / Multi Currencies', []],
	[7, 'base.group_no_one', 'Extra Rights / Technical Features', []],
	[8, 'base.group_allow_export', 'Technical / Access to export feature', []],
	[9, 'base.group_partner_manager', 'Extra Rights / Contact Creation', []],
	[10, 'base.group_portal', 'User types / Portal', []],
	[11, 'base.group_public', 'User types / Public', []],
	[12, 'mail.group_mail_canned_response_admin', 'Canned Responses / Canned Response Administrator', []],
	[13, 'mail.group_mail_template_editor', 'Technical / Mail Template Editor', []],
	[14, 'mail.group_mail_notification_type_inbox', 'Technical / Receive notifications in Odoo', []],
	[15, 'purchase.group_purchase_user', 'Inventory / Purchase / User', [1, 7]],
	[16, 'purchase.group_purchase_manager', 'Inventory / Purchase / Administrator', [15, 1, 7]],
];

const ADDON_ROW: (typeof ROWS)[number] = [20, 'clinic_sso.group_sync', 'Synchronisation with Keycloak', []];

export const INTERNAL = 1;
export const MANAGER = 2;
export const SYSTEM = 4;
export const SYNC = ADDON_ROW[0];

/** A user has one of these at most. */
export const TYPES: readonly number[] = [INTERNAL, 10, 11];

/** Whoever has one of these can give himself everything. */
export const PRIVILEGED: readonly number[] = [SYSTEM, MANAGER];

/** Of a user who is created without a word on groups. */
export const DEFAULT_GROUPS: readonly number[] = [8, 9, 1, 7];

export function groupsOf(addon: boolean): Group[] {
	return [...ROWS, ...(addon ? [ADDON_ROW] : [])].map(([number, id, name, implies]) => ({ number, id, name, implies }));
}

const BY_NUMBER = new Map(groupsOf(true).map((group) => [group.number, group]));
const BY_ID = new Map(groupsOf(true).map((group) => [group.id, group.number]));

export const numberOf = (id: string): number | undefined => BY_ID.get(id);

/** With whatever they bring along. */
export function closed(numbers: Iterable<number>): number[] {
	const all = [...numbers].flatMap((number) => [number, ...(BY_NUMBER.get(number)?.implies ?? [])]);
	return [...new Set(all)].sort((a, b) => a - b);
}

export const isPrivileged = (number: number): boolean => closed([number]).some((each) => PRIVILEGED.includes(each));

/** XML ids of users, all of `base`. */
export const USER_IDS: Readonly<Record<string, number>> = {
	...{ user_root: 1, user_admin: 2, default_user: 3, public_user: 4, template_portal_user_id: 5 },
};

/** `ir.model.data`, as far as anybody asks. */
export function xmlIds(addon: boolean): { id: number; module: string; name: string; model: string; res_id: number }[] {
	const users = Object.entries(USER_IDS).map(([name, id]) => ({
		module: 'base',
		name,
		model: 'res.users',
		res_id: id,
	}));
	const groups = groupsOf(addon).map(({ id, number }) => {
		const [module = '', name = ''] = id.split('.');
		return { module, name, model: 'res.groups', res_id: number };
	});
	return [...users, ...groups].map((row, index) => ({ id: index + 1, ...row }));
}
