// Where the page is: #/ or #/session/ID. Hashes work behind any prefix and need nothing of the server.
import { signal } from '@preact/signals';

export type Route = { page: 'home' } | { page: 'session'; id: string };

function parse(hash: string): Route {
  const match = /^#\/session\/([A-Za-z0-9_-]+)$/.exec(hash);
  return match?.[1] ? { page: 'session', id: match[1] } : { page: 'home' };
}

export const route = signal<Route>(parse(location.hash));
addEventListener('hashchange', () => (route.value = parse(location.hash)));

export const sessionHref = (id: string): string => `#/session/${id}`;

export function go(to: Route): void {
  location.hash = to.page === 'session' ? sessionHref(to.id) : '#/';
}
