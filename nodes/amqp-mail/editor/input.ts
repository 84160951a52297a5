/** The dialog's inputs by the name of their property. */

type Input = HTMLInputElement | HTMLSelectElement;

export function input(name: string): Input {
	const found = document.querySelector<Input>(`#node-input-${name}`);
	if (!found) throw new Error(`The dialog has no input ${name}`);
	return found;
}

/** Calls back now and at every change. Node-RED fills some inputs by jQuery, which tells nobody but itself. */
export function follow(names: readonly string[], callback: () => void): void {
	for (const name of names) $(`#node-input-${name}`).on('change input', callback);
	callback();
}

/** Lets Node-RED check an input again, because something else changed that its check depends on. */
export function recheck(name: string): void {
	$(`#node-input-${name}`).trigger('change');
}

export function isChecked(name: string): boolean {
	const found = input(name);
	return found instanceof HTMLInputElement && found.checked;
}
