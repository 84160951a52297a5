/** Room for the hub's tab, which Node-RED opens above the messages with less than half of the height. */

/** Share of the sidebar that the tab gets at first; the messages below keep what is left. */
const SHARE = 0.7;

/** Set once the tab was given its room in this browser: from then on the height is the person's. */
const DONE = 'clinic-hub-sidebar-height';

/** Call when the tab is shown. Does nothing where nothing stands below it, or the tab was moved. */
export function giveRoom(content: HTMLElement): void {
	if (localStorage.getItem(DONE)) return;
	const section = content.closest<HTMLElement>('.red-ui-sidebar-section-top');
	const below = section?.parentElement?.querySelector<HTMLElement>('.red-ui-sidebar-section-bottom');
	if (!section || !below?.offsetHeight || !section.offsetHeight) return;
	localStorage.setItem(DONE, '1');
	const height = Math.round((section.offsetHeight + below.offsetHeight) * SHARE);
	if (section.offsetHeight >= height) return;
	section.style.height = `${height}px`;
	// Node-RED lays out what stands in the sidebar when the window changes.
	window.dispatchEvent(new Event('resize'));
}
