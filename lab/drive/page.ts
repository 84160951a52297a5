/** The folders as a person would see them in a browser. */
import { escaped, layout } from './layout.ts';
import { FOLDER, type Item, type Records } from './records.ts';
import { type Language, word } from './words.ts';

/** Shows what arrives without loading the page; without scripts one reloads by hand. */
const SCRIPT = `
setInterval(async () => {
	const answer = await fetch(location.href).catch(() => undefined);
	if (!answer?.ok) return;
	const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
	const shown = document.querySelector('main');
	if (fresh && fresh.innerHTML !== shown.innerHTML) shown.innerHTML = fresh.innerHTML;
}, 2000);
`;

const TRASH = 'trash';

/** @param place id of a folder, or `trash`; default the first shared drive, or the first My Drive */
export function folderPage(records: Records, place: string | null, language: Language): string | undefined {
	const roots = records.all.filter(({ parent }) => parent === undefined).sort((one) => (one.driveId ? -1 : 1));
	const folder = place === TRASH ? undefined : records.find(place ?? roots[0]?.id ?? '');
	if (place !== TRASH && folder?.mimeType !== FOLDER) return undefined;
	const items = records.all
		.filter((item) => (folder ? item.parent === folder.id && !records.isTrashed(item) : item.trashed))
		.sort(foldersFirst);
	const other = language === 'es' ? 'en' : 'es';
	const query = place === null ? '' : `folder=${encodeURIComponent(place)}&amp;`;
	const links = `<a href="?${query}lang=${other}" hreflang="${other}">${word(language, 'other')}</a>`;
	const title = folder ? path(records, folder, language) : word(language, 'trash');
	const rows = items.map((item) => row(item, language)).join('\n');
	const empty = `<p>${word(language, folder ? 'empty' : 'noTrash')}</p>`;
	const head = (['name', 'state', 'modified'] as const).map((name) => `<th>${word(language, name)}</th>`).join('');
	const table = `<table><thead><tr>${head}<th class="number">${word(language, 'size')}</th></tr></thead><tbody>${rows}</tbody></table>`;
	const nav = [...roots.map((root) => rootLink(records, root, language, folder)), trashLink(language, place === TRASH)];
	const body = `<nav>${nav.join('')}</nav><section><h1>${title}</h1>${items.length > 0 ? table : empty}</section>`;
	return layout(language, word(language, 'title'), body, { links, script: SCRIPT });
}

function foldersFirst(one: Item, other: Item): number {
	const folders = Number(other.mimeType === FOLDER) - Number(one.mimeType === FOLDER);
	return folders || other.createdTime.localeCompare(one.createdTime) || one.name.localeCompare(other.name);
}

function rootName(records: Records, { driveId, owner, name }: Item, language: Language): string {
	const user = records.world.users.find(({ email }) => email === owner);
	return driveId ? word(language, 'shared', { name }) : word(language, 'mine', { name: user?.name ?? owner ?? '' });
}

function rootLink(records: Records, root: Item, language: Language, shown: Item | undefined): string {
	const { used, limit } = records.usage(root);
	const values = { used: bytes(used, language), limit: bytes(limit ?? 0, language) };
	const current = shown?.id === root.id ? ' aria-current="page"' : '';
	const space = word(language, limit === undefined ? 'usedOnly' : 'used', values);
	return `<a href="?folder=${escaped(root.id)}&amp;lang=${language}"${current}>${escaped(rootName(records, root, language))}</a><small>${space}</small>`;
}

function trashLink(language: Language, current: boolean): string {
	return `<a href="?folder=${TRASH}&amp;lang=${language}"${current ? ' aria-current="page"' : ''}>${word(language, 'trash')}</a>`;
}

function path(records: Records, folder: Item, language: Language): string {
	if (folder.parent === undefined) return escaped(rootName(records, folder, language));
	const above = records.find(folder.parent);
	const link = above
		? `<a href="?folder=${escaped(above.id)}&amp;lang=${language}">${path(records, above, language).replace(/<[^>]+>/g, '')}</a> › `
		: '';
	return `${link}${escaped(folder.name)}`;
}

function row(item: Item, language: Language): string {
	const name = escaped(item.name);
	const link =
		item.mimeType === FOLDER
			? `<a class="folder" href="?folder=${escaped(item.id)}&amp;lang=${language}">${name}</a>`
			: `<a href="/uc?id=${escaped(item.id)}&amp;export=download" title="${word(language, 'download')}" download="${name}">${name}</a>`;
	const note = item.description ? `<small>${escaped(item.description)}</small>` : '';
	const size = item.size === undefined ? '' : bytes(item.size, language);
	const time = new Date(item.createdTime);
	const locale = language === 'es' ? 'es-CL' : 'en-GB';
	const shown = time.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });
	return `<tr><td>${link}${note}</td><td>${badges(item, language)}</td><td><time datetime="${item.createdTime}">${shown}</time></td><td class="number">${size}</td></tr>`;
}

function badges(item: Item, language: Language): string {
	const properties = Object.values(item.appProperties)[0] ?? {};
	const state = (['uploaded', 'verified', 'rejected'] as const).find((name) => name === properties['state']);
	const shown = state ? [`<span class="badge ${state}">${word(language, state)}</span>`] : [];
	if (properties['keep']) shown.push(`<span class="badge kept">${word(language, 'kept')}</span>`);
	return shown.join(' ');
}

function bytes(count: number, language: Language): string {
	const units = ['B', 'KB', 'MB', 'GB', 'TB'];
	let [value, unit] = [count, 0];
	while (value >= 1024 && unit < units.length - 1) [value, unit] = [value / 1024, unit + 1];
	const locale = language === 'es' ? 'es-CL' : 'en-GB';
	return `${value.toLocaleString(locale, { maximumFractionDigits: unit === 0 ? 0 : 1 })} ${units[unit]}`;
}
