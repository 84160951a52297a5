/**
 * Signing in again without leaving the editor: when the hub no longer knows the browser, what was not deployed stays on the
 * page, a window opens for the sign-in, and work goes on where it was.
 */
(() => {
	const TEXTS = {
		en: {
			over: 'Your session has ended. What you have not deployed is still here.',
			again: 'Sign in again',
			back: 'You are signed in again.',
		},
		es: {
			over: 'Su sesión ha terminado. Lo que no ha instanciado sigue aquí.',
			again: 'Iniciar sesión de nuevo',
			back: 'Ha iniciado sesión de nuevo.',
		},
	};
	const texts = /^es/i.test(navigator.language) ? TEXTS.es : TEXTS.en;
	const LOOK_MS = 15_000;
	const WAIT_MS = 1_000;
	let told;

	const isSignedIn = async () => {
		const answer = await fetch('clinic-hub/auth/session', { cache: 'no-store' });
		return (await answer.json()).session !== null;
	};

	const waitForReturn = async () => {
		while (told) {
			await new Promise((done) => setTimeout(done, WAIT_MS));
			if (!(await isSignedIn().catch(() => false))) continue;
			told.close();
			told = undefined;
			RED.notify(texts.back, 'success');
		}
	};

	const tell = () => {
		if (told) return;
		const signIn = () =>
			window.open('clinic-hub/auth/sign-in?to=/clinic-hub/auth/done', 'clinic-hub-sign-in', 'width=520,height=680');
		told = RED.notify(texts.over, {
			type: 'warning',
			fixed: true,
			buttons: [{ text: texts.again, class: 'primary', click: signIn }],
		});
		void waitForReturn();
	};

	const look = async () => {
		if (document.hidden || told) return;
		try {
			if (!(await isSignedIn())) tell();
		} catch {
			// The hub does not answer: the editor itself says that it lost the connection.
		}
	};

	window.addEventListener('load', () => {
		$(document).ajaxError((_event, { status, responseJSON }) => {
			if (status === 401 && responseJSON?.code === 'SIGN_IN') void tell();
		});
		setInterval(() => void look(), LOOK_MS);
		document.addEventListener('visibilitychange', () => void look());
	});
})();
