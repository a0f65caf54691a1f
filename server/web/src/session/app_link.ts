// The port and the rest of a link to the sandbox's own machine, as the agent knows it; null = it leads elsewhere.
export function appLink(href: string): { port: number; path: string } | null {
  const match = /^http:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]):(\d{1,5})(\/.*)?$/.exec(href);
  if (!match) return null;
  const port = Number(match[1]);
  return port > 0 && port < 65536 ? { port, path: match[2] ?? '/' } : null;
}
