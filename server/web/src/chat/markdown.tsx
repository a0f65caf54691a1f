// What an agent writes, as Markdown. It is not trusted: there is no markup but what Markdown makes, that is sanitized all
// the same, and links lead out of the page.
import DOMPurify from 'dompurify';
import { Marked } from 'marked';
import { useMemo } from 'preact/hooks';
import { appLink } from '../session/app_link';
import { openApp } from '../session/open_app';

const marked = new Marked({
  gfm: true,
  async: false,
  renderer: {
    // A picture would be asked for at a foreign server; who wants it follows the link.
    image: ({ href, text }) => `<a href="${escape(href)}">${escape(text || href)}</a>`,
    html: ({ text }) => escape(text), // shown, not made
  },
});

function escape(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replace(/[&<>"]/g, (character) => entities[character] ?? character);
}

const purify = DOMPurify(window);
purify.addHook('afterSanitizeAttributes', (node) => {
  if (node.tagName === 'A') {
    node.setAttribute('target', '_blank');
    node.setAttribute('rel', 'noopener noreferrer');
  }
  if (node.tagName === 'PRE') node.setAttribute('tabindex', '0'); // it may have to be scrolled
  if (node.tagName === 'INPUT') node.setAttribute('aria-label', 'Task'); // of a list of tasks
});

const kOptions = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['img', 'style', 'form', 'button', 'textarea', 'select', 'video', 'audio', 'source', 'dialog'],
  FORBID_ATTR: ['style', 'class', 'id', 'name'],
};

export function toSafeHtml(source: string): string {
  return purify.sanitize(marked.parse(source) as string, kOptions);
}

// The agent's localhost is the sandbox.
function followLink(event: MouseEvent, sessionId: string): void {
  const link = (event.target as Element).closest('a');
  const app = link && appLink(link.getAttribute('href') ?? '');
  if (!app) return;
  event.preventDefault();
  openApp(sessionId, app.port, app.path);
}

export function Markdown({ source, sessionId }: { source: string; sessionId: string }) {
  const html = useMemo(() => toSafeHtml(source), [source]);
  return (
    <div class="markdown" onClick={(event) => followLink(event, sessionId)} dangerouslySetInnerHTML={{ __html: html }} />
  );
}
