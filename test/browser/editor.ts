/**
 * Node-RED's editor in a real Chromium. A missing browser fails the test: install Debian's `chromium`, or name another
 * one in CHROMIUM.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';

const EXECUTABLE = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** Of the window; wide enough for a dialog beside the sidebar, as on an office screen. */
const SIZE = { width: 1360, height: 860 };

/** Every wait for something on the page, in ms; two shared cores draw slowly. */
const WAIT_MS = 30_000;

const OUTPUT = path.resolve(import.meta.dirname, '..', 'output', 'browser');

/**
 * Node-RED's own: it shows a tip a second after its start, into a box that is only made once the key map has come
 * (`tipBox` in red.js, 5.0.7). On a busy machine that takes longer.
 */
const CORE_RACE = /^TypeError: Cannot read properties of undefined \(reading 'html'\)$/;

/** Selects what shows the key of a text in place of the text. */
export const UNTRANSLATED = '[data-i18n]:visible:text-matches("^[a-z-]+\\\\.[a-z]+\\\\.", "")';

export interface Editor {
	page: Page;
	/** What the page wrote to its console as an error, and exceptions of its scripts. */
	errors: string[];
	/** Opens the dialog of a node on the workspace. */
	openNode(id: string): Promise<Locator>;
	/** Opens the dialog of a connection. */
	openConfig(id: string): Promise<Locator>;
	/** Opens the hub's tab in the sidebar. */
	openSidebar(): Promise<Locator>;
	deploy(): Promise<void>;
	/** Keeps a picture in `test/output/browser`, for people to look at. */
	picture(name: string): Promise<void>;
}

/** @param further arguments of Chromium's command line */
export async function startBrowser(t: Pick<TestContext, 'after'>, further: string[] = []): Promise<Browser> {
	const browser = await chromium.launch({
		executablePath: EXECUTABLE,
		args: [
			'--no-sandbox',
			'--disable-gpu',
			'--disable-background-networking',
			'--no-first-run',
			'--disable-sync',
			'--force-color-profile=srgb',
			...further,
		],
	});
	t.after(() => browser.close());
	return browser;
}

/** @param language of the browser, as its `Accept-Language` and `navigator.language` say */
export async function openEditor(
	browser: Browser,
	url: string,
	{
		language,
		token,
		size = SIZE,
	}: { language: string; token?: Record<string, unknown>; size?: { width: number; height: number } },
): Promise<Editor> {
	await mkdir(OUTPUT, { recursive: true });
	const context = await browser.newContext({ locale: language, viewport: size });
	context.setDefaultTimeout(WAIT_MS);
	if (token)
		await context.addInitScript((tokens) => localStorage.setItem('auth-tokens', JSON.stringify(tokens)), token);
	const page = await context.newPage();
	const errors: string[] = [];
	page.on('pageerror', (error) => {
		if (!CORE_RACE.test(String(error))) errors.push(String(error));
	});
	page.on('console', (message) => {
		if (message.type() === 'error') errors.push(`${message.text()} ${message.location().url}`);
	});
	await page.goto(url);
	await page.locator('#red-ui-workspace-chart').waitFor();
	await page.locator('#red-ui-loading-progress').waitFor({ state: 'hidden' });

	const tray = page.locator('.red-ui-tray').last();
	const edit = (script: string) => async (id: string) => {
		await page.evaluate(`(() => { const node = RED.nodes.node(${JSON.stringify(id)}); ${script} })()`);
		await tray.locator('.red-ui-tray-body').waitFor();
		// The tray slides in; a picture taken meanwhile shows half of it.
		await page.waitForFunction(
			"getComputedStyle(document.querySelector('.red-ui-tray:last-child')).right === '0px' && " +
				"document.querySelector('.red-ui-tray:last-child').getAnimations().length === 0",
		);
		return tray;
	};
	return {
		page,
		errors,
		openNode: edit('RED.editor.edit(node)'),
		openConfig: edit("RED.editor.editConfig('', node.type, node.id)"),
		async openSidebar() {
			await page.evaluate("RED.sidebar.show('clinic-hub')");
			// The messages below it take half of the height.
			if (await page.locator('.red-ui-debug-content').first().isVisible()) {
				await page.locator('[data-tab-id=debug]').click();
				await page.mouse.move(size.width / 2, size.height / 2);
			}
			const sidebar = page.locator('.clinic-hub');
			await sidebar.locator('.clinic-hub-banner').waitFor();
			return sidebar;
		},
		async deploy() {
			// Without `disabled` there is something to deploy; a click on the grey button would pass for a deploy.
			await page.locator('#red-ui-header-button-deploy:not(.disabled)').click();
			// The button is grey from the click on; this is set when the answer has come.
			await page.waitForFunction('RED.nodes.dirty() === false');
		},
		async picture(name) {
			await page.screenshot({ path: path.join(OUTPUT, `${name}.png`) });
		},
	};
}
