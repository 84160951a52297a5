/** Node-RED sends a node's status in one language to everybody. These say it again in the language of this browser. */
import { type EditorPhrase, inWords, translatorOf } from './words.ts';

interface Said {
	/** The text as Node-RED sent it; other words mean that the phrase is not about what is shown. */
	text?: string;
	phrase?: EditorPhrase;
}

const said = new Map<string, Said>();

function translate(id: string): void {
	const { text, phrase } = said.get(id) ?? {};
	const node = RED.nodes.node(id);
	if (!node?.status || !phrase || node.status.text !== text) return;
	node.status = { ...node.status, text: inWords(phrase, translatorOf(node)) };
	node.dirtyStatus = true;
	node.dirty = true;
	RED.view.redrawStatus(node);
}

/** The two messages of one change come in either order, and before or after the editor's own listener has had them. */
export function translateStatuses(): void {
	const later = (id: string) => setTimeout(() => translate(id));
	RED.comms.subscribe('clinic-hub/status/#', (topic: string, message: Said) => {
		const id = topic.split('/')[2] ?? '';
		said.set(id, message);
		later(id);
	});
	RED.comms.subscribe('status/#', (topic: string) => later(topic.split('/')[1] ?? ''));
}
