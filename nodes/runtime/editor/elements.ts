type Child = Node | string | undefined | false;
type Attributes = Record<string, string | number | boolean | ((event: Event) => void) | undefined>;

/** Makes an element. Attributes that are functions listen to the event of that name; false and undefined are left out. */
export function element<K extends keyof HTMLElementTagNameMap>(
	tag: K,
	attributes: Attributes = {},
	...children: Child[]
): HTMLElementTagNameMap[K] {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === undefined || value === false) continue;
		if (typeof value === 'function') made.addEventListener(name, value);
		else made.setAttribute(name, value === true ? '' : String(value));
	}
	made.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
	return made;
}

/** An icon of the font that the editor brings; says nothing to a screen reader. */
export function icon(name: string): HTMLElement {
	return element('i', { class: `fa ${name}`, 'aria-hidden': 'true' });
}

/** A button in the editor's look. */
export function button(
	label: string,
	options: { icon?: string; danger?: boolean; primary?: boolean; disabled?: boolean; iconOnly?: boolean; key?: string },
	click: () => void,
): HTMLButtonElement {
	const look = [
		'red-ui-button',
		'red-ui-button-small',
		options.primary && 'primary',
		options.danger && 'clinic-hub-danger',
	];
	return element(
		'button',
		{
			type: 'button',
			class: look.filter(Boolean).join(' '),
			disabled: options.disabled ?? false,
			title: options.iconOnly && label,
			'aria-label': options.iconOnly && label,
			'data-key': options.key,
			click,
		},
		options.icon !== undefined && icon(options.icon),
		!options.iconOnly && ` ${label}`,
	);
}

/**
 * Draws anew and gives the focus back to what stands in the same place: the element with the same `data-key`. Somebody
 * who works with the keyboard must not be thrown out of a list because it was refreshed.
 */
export function keepFocus(container: HTMLElement, draw: () => void): void {
	const active = container.contains(document.activeElement) ? document.activeElement : null;
	const key = active instanceof HTMLElement ? active.dataset['key'] : undefined;
	draw();
	if (key === undefined) return;
	for (const candidate of container.querySelectorAll<HTMLElement>('[data-key]'))
		if (candidate.dataset['key'] === key) candidate.focus();
}
