/** The tab "Clinic hub": state at a glance, and a section for each topic that an operator works on. */
import type { Overview } from '../overview.ts';
import { button, element } from './elements.ts';
import { failureText } from './failure.ts';
import { HealthPanel } from './health-panel.ts';
import { giveRoom } from './height.ts';
import { type RequestFailure, request } from './request.ts';
import { SourcePanel } from './source-panel.ts';
import { editorLanguage, sharedText } from './words.ts';

/** Often enough to watch a mail being sent again, seldom enough not to be noticed by the hub. In milliseconds. */
const REFRESH_MS = 5_000;

const TAB = 'clinic-hub';

export class Sidebar {
	readonly #health = new HealthPanel();
	readonly #topics = element('div');
	readonly #problem = element('p', { class: 'clinic-hub-problem', role: 'alert', hidden: true });
	readonly #updated = element('span', { class: 'clinic-hub-updated' });
	readonly #content = element('div', { class: 'clinic-hub', tabindex: '-1' });
	readonly #sources = new Map<string, SourcePanel>();
	#shape = '';
	#busy = false;

	/** Adds the tab; it asks the hub only while it can be seen. */
	start(): void {
		this.#content.append(this.#problem, this.#health.element, this.#topics);
		const refresh = button(sharedText('panel.refresh'), { icon: 'fa-refresh' }, () => void this.#refresh(true));
		RED.sidebar.addTab({
			id: TAB,
			label: sharedText('panel.tab'),
			name: sharedText('panel.title'),
			iconClass: 'fa fa-hospital-o',
			content: this.#content,
			toolbar: element('div', { class: 'clinic-hub-toolbar' }, this.#updated, refresh),
			enableOnEdit: true,
			onchange: () => {
				// Node-RED shows the tab after it has told so.
				requestAnimationFrame(() => {
					giveRoom(this.#content);
					void this.#refresh();
				});
			},
		});
		document.addEventListener('clinic-hub:changed', () => void this.#refresh(true));
		setInterval(() => void this.#refresh(), REFRESH_MS);
	}

	async #refresh(force = false): Promise<void> {
		if (this.#busy || document.hidden || this.#content.offsetParent === null) return;
		this.#busy = true;
		try {
			const overview = await request<Overview>('GET', 'overview');
			this.#health.update(overview);
			this.#draw(overview, force);
			this.#problem.hidden = true;
			const time = new Date().toLocaleTimeString(editorLanguage());
			this.#updated.textContent = sharedText('panel.updated', { time });
		} catch (failure) {
			this.#problem.textContent = sharedText('panel.failed', { reason: failureText(failure as RequestFailure) });
			this.#problem.hidden = false;
		} finally {
			this.#busy = false;
		}
	}

	/** Sections are made when nodes come and go, and only updated otherwise: what is being typed or chosen stays. */
	#draw({ topics }: Overview, force: boolean): void {
		const shape = JSON.stringify(
			topics.map(({ name, sources }) => [name, sources.map(({ id, label }) => [id, label])]),
		);
		if (shape !== this.#shape) {
			this.#shape = shape;
			this.#sources.clear();
			const sections = topics.map(({ name, view, sources }) => {
				const panels = sources.map((source) => {
					const panel = new SourcePanel(name, view, source);
					this.#sources.set(`${name} ${source.id}`, panel);
					return panel.element;
				});
				const none = panels.length ? '' : element('p', { class: 'clinic-hub-empty' }, sharedText('panel.noSource'));
				return element('section', { 'data-topic': name }, element('h3', {}, RED._(view.title)), ...panels, none);
			});
			this.#topics.replaceChildren(...sections);
		}
		for (const { name, sources } of topics)
			for (const source of sources) this.#sources.get(`${name} ${source.id}`)?.update(source, force);
	}
}
