/** The stand-in of Drive in a real Chromium: the folder as a person sees it, and Google's page of consent. */
import assert from 'node:assert/strict';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { ConsentDesk } from '../../lib/drive/consent.ts';
import { markKept, markState, trashFile } from '../../lib/drive/files.ts';
import { SCOPES } from '../../lib/drive/scopes.ts';
import { uploadFile } from '../../lib/drive/upload.ts';
import { startDrive } from '../servers/drive.ts';
import { startHttp } from '../servers/http.ts';
import { startBrowser } from './editor.ts';

const OUTPUT = path.resolve(import.meta.dirname, '..', 'output', 'browser');
const SIZE = { width: 1360, height: 860 };

const TEXTS = {
	en: {
		language: 'en-US',
		shared: 'Shared drive Clínica',
		verified: 'Verified',
		rejected: 'Rejected',
		kept: 'Kept',
		trash: 'Trash',
		allow: 'Continue',
		wants: 'Clinic Hub wants to access your Google Account',
	},
	es: {
		language: 'es-CL',
		shared: 'Unidad compartida Clínica',
		verified: 'Verificado',
		rejected: 'Rechazado',
		kept: 'Conservado',
		trash: 'Papelera',
		allow: 'Continuar',
		wants: 'Clinic Hub quiere acceder a tu cuenta de Google',
	},
} as const;

for (const [name, text] of Object.entries(TEXTS)) {
	test(`the folder shows files, their state and their notes, and gives them to download (${name})`, async (t) => {
		await using server = await startDrive();
		const [uploader, retention] = [await server.service('uploader'), await server.service('retention')];
		const bring = async (file: string, size: number) =>
			uploadFile(uploader, await server.parcel(size, { name: file }), { save: async () => {} });
		const kept = await bring('clinica_2026-11-22T03-00-00Z.zip.age', 3_210_987);
		await markKept(uploader, kept.id, name === 'es' ? 'Antes del cambio de versión' : 'Before the upgrade');
		await markState(uploader, (await bring('clinica_2026-11-23T03-00-00Z.zip.age', 10)).id, 'rejected');
		await trashFile(retention, (await bring('clinica_2026-11-01T03-00-00Z.zip.age', 77)).id);
		const browser = await startBrowser(t);
		const page = await browser.newPage({ locale: text.language, viewport: SIZE });
		await page.goto(server.url);
		await page.getByRole('link', { name: 'Respaldos de Odoo' }).click();
		const row = page.getByRole('row').filter({ hasText: 'clinica_2026-11-22' });
		for (const shown of [text.verified, text.kept, name === 'es' ? '3,1 MB' : '3.1 MB']) {
			await row.getByText(shown, { exact: true }).waitFor();
		}
		await page
			.getByRole('row')
			.filter({ hasText: 'clinica_2026-11-23' })
			.getByText(text.rejected, { exact: true })
			.waitFor();
		assert.equal(await page.getByText('clinica_2026-11-01').count(), 0);
		const later = await bring('clinica_2026-11-24T03-00-00Z.zip.age', 5_000);
		await page.getByText('clinica_2026-11-24').waitFor();
		await mkdir(OUTPUT, { recursive: true });
		await page.screenshot({ path: path.join(OUTPUT, `drive-folder-${name}.png`) });
		const [download] = await Promise.all([
			page.waitForEvent('download'),
			page.getByRole('link', { name: 'clinica_2026-11-24' }).click(),
		]);
		assert.equal(download.suggestedFilename(), later.name);
		assert.equal((await readFile(await download.path())).length, 5_000);
		await page.getByRole('link', { name: text.trash }).click();
		await page.getByText('clinica_2026-11-01').waitFor();
		await page.getByRole('link', { name: text.shared }).click();
		await page.getByRole('link', { name: 'Respaldos de Odoo' }).waitFor();
	});

	test(`the page of consent says what is asked for, and sends the browser back (${name})`, async (t) => {
		await using server = await startDrive();
		await using hub = await startHttp(() => ({ body: 'back' }));
		const { web } = server.google;
		const redirectUri = `http://localhost:${hub.port}/callback`;
		for (const client of server.drive.records.world.clients) client.redirects.push(redirectUri);
		const desk = new ConsentDesk();
		const browser = 'a-cookie-of-this-browser-only';
		const asked = { client: { id: web.id, secret: web.secret }, redirectUri, browser, apiUrl: server.url };
		const chromium = await startBrowser(t);
		const page = await chromium.newPage({ locale: text.language, viewport: SIZE });
		await page.goto(desk.begin(asked));
		await page.getByRole('heading', { name: text.wants }).waitFor();
		await mkdir(OUTPUT, { recursive: true });
		await page.screenshot({ path: path.join(OUTPUT, `drive-consent-${name}.png`) });
		await page.getByRole('button', { name: text.allow }).click();
		await page.waitForURL(/callback/);
		const query = new URL(page.url()).searchParams;
		const consent = await desk.finish({ state: query.get('state'), code: query.get('code'), error: null, browser });
		assert.equal(consent.scope, SCOPES.own);
	});
}
