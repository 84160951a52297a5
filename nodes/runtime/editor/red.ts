/** The part of Node-RED's editor that these scripts use; read from `@node-red/editor-client` 5.0. */

export interface EditorNode {
	id: string;
	type: string;
	name?: string;
	changed?: boolean;
	credentials?: Record<string, unknown>;
	status?: { text?: string; fill?: string; shape?: string };
	dirty?: boolean;
	dirtyStatus?: boolean;
	_def: { category: string; defaults: Record<string, unknown> };
	_(key: string, values?: Record<string, unknown>): string;
	[property: string]: unknown;
}

export interface SidebarTab {
	id: string;
	label: string;
	name: string;
	content: HTMLElement;
	toolbar?: HTMLElement;
	iconClass: string;
	enableOnEdit: boolean;
	onchange?(): void;
}

/** Monaco or Ace behind the one face that the editor gives both. */
export interface CodeEditor {
	getValue(): string;
	setValue(value: string): void;
	getSession(): { on(event: 'change', callback: () => void): void };
	destroy(): void;
}

export interface Tabs {
	addTab(tab: { id: string; label: string }): void;
	activateTab(id: string): void;
}

interface AjaxFailure {
	status: number;
	responseJSON?: { code?: string; message?: string };
}

interface Editor {
	_(key: string, values?: Record<string, unknown>): string;
	editor: { createEditor(options: { id: string; mode: string; value: string }): CodeEditor };
	comms: { subscribe(topic: string, callback: (topic: string, message: never) => void): void };
	events: { on(event: string, callback: () => void): void };
	i18n: { detectLanguage(): string };
	nodes: {
		node(id: string): EditorNode | null;
		registerType(type: string, definition: Record<string, unknown> & ThisType<EditorNode>): void;
	};
	notify(message: string, options: { type: 'success' | 'warning' | 'error'; timeout?: number }): void;
	plugins: {
		registerPlugin(id: string, definition: Record<string, unknown>): void;
	};
	tabs: { create(options: { id: string; onchange(tab: { id: string }): void }): Tabs };
	sidebar: { addTab(tab: SidebarTab): void; show(id: string): void };
	user: { hasPermission(permission: string): boolean };
	view: { reveal(id: string): void; redrawStatus(node: EditorNode): void };
}

declare global {
	const RED: Editor;
	const $: {
		(selector: string): { on(events: string, callback: () => void): void; trigger(event: string): void };
		ajax(request: {
			url: string;
			method: string;
			contentType?: string;
			data?: string;
			dataType: 'json';
			timeout: number;
			success(body: unknown): void;
			error(failure: AjaxFailure): void;
		}): void;
	};
}
