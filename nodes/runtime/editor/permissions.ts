/** Whether a button is shown. The server decides again at every request. */
export function mayAct(topic: string, action: string): boolean {
	return RED.user.hasPermission(`clinic-hub.${topic}.${action}`);
}
