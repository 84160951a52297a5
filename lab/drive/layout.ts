/** What the stand-in's pages have in common. */
import { type Language, word } from './words.ts';

const STYLE = `
:root { --blue: #0b57d0; --line: #dfe3e8; --muted: #55606b; --ink: #1f2937; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: #f4f6f9; }
header { display: flex; gap: 1.5rem; align-items: baseline; padding: .7rem 2rem; background: #fff; border-bottom: 1px solid var(--line); }
header b { font-size: 1.1rem; } header a { margin-left: auto; }
aside { padding: .6rem 2rem; background: #fff3cd; border-bottom: 1px solid #ffe08a; color: #664d03; }
main { display: flex; flex-wrap: wrap; gap: 2rem; max-width: 82rem; margin: 1.5rem auto; padding: 0 2rem; align-items: flex-start; }
nav { flex: 0 0 15rem; } nav a { display: block; padding: .4rem .8rem; border-radius: 99px; text-decoration: none; color: var(--ink); overflow-wrap: anywhere; }
nav a[aria-current] { background: #d3e3fd; font-weight: 600; } nav small { padding: 0 .8rem; color: var(--muted); }
section { flex: 1 1 30rem; min-width: 0; }
h1 { margin: 0 0 1rem; font-size: 1.3rem; font-weight: 600; overflow-wrap: anywhere; }
table { width: 100%; border-collapse: collapse; background: #fff; border: 1px solid var(--line); }
th, td { padding: .6rem .8rem; text-align: left; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--muted); font-size: .85rem; } td:first-child { overflow-wrap: anywhere; } td small { display: block; color: var(--muted); }
.folder { font-weight: 600; } .number { text-align: right; white-space: nowrap; }
.badge { padding: .15rem .6rem; border-radius: 99px; font-size: .82rem; white-space: nowrap; background: #e9ecef; }
.verified { background: #d1f1dd; color: #0a5a2f; } .rejected { background: #f8d7da; color: #842029; } .kept { background: #d3e3fd; color: #063b8f; }
.card { margin: 1rem auto; padding: 2rem; max-width: 34rem; background: #fff; border: 1px solid var(--line); border-radius: 16px; }
fieldset { margin: 0 0 1rem; border: 1px solid var(--line); border-radius: 8px; } label { display: block; padding: .3rem 0; }
.warning { padding: .6rem 1rem; border-radius: 6px; background: #fff3cd; color: #664d03; }
.buttons { display: flex; justify-content: flex-end; gap: 1rem; margin: 0; }
button { font: inherit; padding: .45rem 1.2rem; border: 0; border-radius: 99px; background: var(--blue); color: #fff; cursor: pointer; }
button.plain { background: #fff; color: var(--blue); } a { color: var(--blue); }
`;

export function escaped(text: string | undefined): string {
	const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
	return (text ?? '').replace(/[&<>"']/g, (character) => entities[character] ?? '');
}

/** @param links shown at the right of the header, as HTML */
export function layout(language: Language, title: string, body: string, { links = '', script = '' } = {}): string {
	return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<title>${escaped(title)}</title><style>${STYLE}</style></head>
<body><header><b>${escaped(title)}</b>${links}</header><aside role="note">${word(language, 'label')}</aside>
<main>${body}</main>${script && `<script>${script}</script>`}</body></html>`;
}
