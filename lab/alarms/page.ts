/** The page of the lab's watcher: the heartbeat, then the notices, newest first. */
import { type Language, say } from '../language.ts';
import type { Text } from '../system.ts';
import type { Alarm, Alarms } from './server.ts';

const WORDS = {
	title: { en: 'Alarms', es: 'Alarmas' },
	about: {
		en: "Stands for the clinic's chat or alarm service: here the hub's notices arrive by webhook, also while the mail server fails.",
		es: 'Hace de servicio de chat o de alarmas de la clínica: aquí llegan por webhook los avisos del hub, también si falla el servidor de correo.',
	},
	alive: { en: 'Last sign of life of the hub: {time}', es: 'Última señal de vida del hub: {time}' },
	silent: { en: 'No sign of life of the hub yet.', es: 'Aún no hay señales de vida del hub.' },
	none: {
		en: 'No notice yet. Press “Pause” in the flow of purchase mail.',
		es: 'Aún no hay avisos. Pulse «Pausar» en el flujo del correo de compras.',
	},
	other: { en: 'Español', es: 'English' },
} satisfies Record<string, Text>;

const SEVERITIES: Record<string, Text> = {
	info: { en: 'Info', es: 'Información' },
	warning: { en: 'Warning', es: 'Advertencia' },
	critical: { en: 'Critical', es: 'Crítico' },
};

const STYLE = `
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #1f2937; background: #f4f5f7; }
header { display: flex; align-items: baseline; padding: .7rem 2rem; color: #fff; background: #1f3a4d; }
header b { font-size: 1.1rem; } header a { margin-left: auto; color: #fff; }
main { max-width: 52rem; margin: 1.5rem auto; padding: 0 2rem; }
p { margin: 0 0 1rem; color: #4b5563; }
article { margin: 0 0 1rem; padding: .8rem 1rem; background: #fff; border: 1px solid #dee2e6; border-left: 6px solid #9ca3af; border-radius: 6px; }
article.info { border-left-color: #198754; } article.warning { border-left-color: #d18b00; } article.critical { border-left-color: #b02a37; }
h2 { margin: 0; font-size: 1.05rem; } small { color: #4b5563; }
pre { margin: .5rem 0 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
`;

/** New notices appear without loading the page; without scripts one reloads by hand. */
const SCRIPT = `
setInterval(async () => {
	const answer = await fetch(location.href).catch(() => undefined);
	if (!answer?.ok) return;
	const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html').querySelector('main');
	const shown = document.querySelector('main');
	if (fresh && fresh.innerHTML !== shown.innerHTML) shown.innerHTML = fresh.innerHTML;
}, 2000);
`;

export function alarmPage({ alarms, lastHeartbeat }: Alarms, language: Language): string {
	const other = language === 'es' ? 'en' : 'es';
	const alive = lastHeartbeat
		? say(language, WORDS.alive, { time: timeOf(lastHeartbeat, language) })
		: say(language, WORDS.silent);
	const list = alarms.map((alarm) => article(alarm, language)).join('\n') || `<p>${say(language, WORDS.none)}</p>`;
	return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">
<title>${say(language, WORDS.title)}</title><style>${STYLE}</style></head>
<body><header><b>${say(language, WORDS.title)}</b><a href="?lang=${other}" hreflang="${other}">${say(language, WORDS.other)}</a></header>
<main aria-live="polite"><p>${say(language, WORDS.about)}</p><p>${alive}</p>
${list}</main><script>${SCRIPT}</script></body></html>`;
}

function article({ at, severity, subject, text }: Alarm, language: Language): string {
	const known = SEVERITIES[severity];
	return `<article class="${known ? severity : ''}"><h2>${escaped(subject)}</h2>
<small>${known ? say(language, known) : escaped(severity)} · <time datetime="${at.toISOString()}">${timeOf(at, language)}</time></small>
<pre>${escaped(text)}</pre></article>`;
}

function timeOf(time: Date, language: Language): string {
	const locale = language === 'es' ? 'es-CL' : 'en-GB';
	return time.toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
}

function escaped(text: string): string {
	const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
	return text.replace(/[&<>"]/g, (character) => entities[character] ?? '');
}
