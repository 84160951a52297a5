import { sharedText } from './words.ts';

/** Whether a button is shown. The server decides again at every request. */
export function mayAct(topic: string, action: string): boolean {
	return RED.user.hasPermission(`clinic-hub.${topic}.${action}`);
}

/** Why a button of a dialog is grey: the first of these rights that the person lacks; undefined where there is none. */
export function missingRight(permissions: readonly string[]): string | undefined {
	const permission = permissions.find((one) => !RED.user.hasPermission(one));
	if (permission === undefined) return undefined;
	return permission === 'flows.write' ? sharedText('test.noPermission') : sharedText('test.noRight', { permission });
}
