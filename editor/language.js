/**
 * Runs in the browser before the editor starts. Node-RED ships its Spanish as `es-ES` and looks for exactly the browser's
 * language, so that `es`, `es-CL` or `es-419` would get English. Here any Spanish becomes `es-ES`; a language chosen in
 * the editor's settings goes first as always.
 */
(() => {
	if (/^es(-|$)/i.test(navigator.language)) {
		Object.defineProperty(navigator, 'language', { get: () => 'es-ES', configurable: true });
	}
})();
