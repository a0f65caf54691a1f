// The REST API. Every call throws an ApiError when it fails. URLs are relative to the page, so a prefix in front of the
// server does no harm.
import { ApiError, errorOf, unreachable } from './errors';
import type {
  DesktopState, Listing, NewSession, SessionBrief, SessionDetails, SessionEvent, SessionPage, Ticket,
} from './types';

export interface Credentials {
  key(): string | null;
  // The server wants a key, or does not know the one that it got.
  refused(hadKey: boolean): void;
}

interface Call {
  method?: string;
  json?: unknown;
  headers?: Record<string, string>;
}

const kRenewBeforeMs = 60_000;
const kTicketSeconds = 3600;
const kDaySeconds = 86_400;

export class Client {
  private readonly tickets = new Map<string, Ticket>();

  constructor(
    private readonly base: URL,
    private readonly credentials: Credentials,
  ) {}

  forgetTickets(): void {
    this.tickets.clear();
  }

  list(limit: number, offset: number): Promise<SessionPage> {
    return this.call(`session?limit=${limit}&offset=${offset}`);
  }

  // `idempotencyKey` makes a repetition harmless.
  create(session: NewSession, idempotencyKey: string): Promise<SessionBrief> {
    return this.call('session', { method: 'POST', json: session, headers: { 'Idempotency-Key': idempotencyKey } });
  }

  get(id: string): Promise<SessionDetails> {
    return this.call(`session/${id}`);
  }

  remove(id: string): Promise<unknown> {
    return this.call(`session/${id}`, { method: 'DELETE' });
  }

  stop(id: string): Promise<unknown> {
    return this.call(`session/${id}/stop`, { method: 'POST' });
  }

  sendPrompt(id: string, content: string, clientId: string): Promise<{ seq: number }> {
    return this.call(`session/${id}/messages`, { method: 'POST', json: { content, id: clientId } });
  }

  events(id: string, after: number, limit: number): Promise<{ events: SessionEvent[]; last_seq: number }> {
    return this.call(`session/${id}/events?after=${after}&limit=${limit}`);
  }

  files(id: string, path: string): Promise<Listing> {
    return this.call(`session/${id}/files?path=${encodeURIComponent(path)}`);
  }

  desktop(id: string): Promise<DesktopState> {
    return this.call(`session/${id}/desktop`);
  }

  control(id: string, action: 'take' | 'release', viewer: string): Promise<DesktopState> {
    return this.call(`session/${id}/desktop/control`, { method: 'POST', json: { action, viewer } });
  }

  // Uploads tell how far they are, which fetch() cannot.
  upload(id: string, path: string, body: Blob, onProgress: (share: number) => void): Promise<void> {
    const request = new XMLHttpRequest();
    request.open('PUT', this.url(`session/${id}/files/${encodePath(path)}`));
    const key = this.credentials.key();
    if (key) request.setRequestHeader('Authorization', `Bearer ${key}`);
    request.upload.onprogress = (event) => onProgress(event.total > 0 ? event.loaded / event.total : 0);
    return new Promise((resolve, reject) => {
      request.onerror = () => reject(new ApiError({ status: 0, message: 'The connection broke', hint: 'Try again.' }));
      request.onload = () => {
        if (request.status < 300) return resolve();
        if (request.status === 401) this.credentials.refused(key !== null);
        reject(errorOf(request.status, request.responseText, request.getResponseHeader('Retry-After')));
      };
      request.send(body);
    });
  }

  downloadUrl(id: string, path = ''): Promise<string> {
    return this.withTicket(id, path ? `download/${id}/${encodePath(path)}` : `download/${id}`, {});
  }

  chatUrl(id: string, after: number): Promise<string> {
    return this.withTicket(id, `session/${id}/chat`, { after: String(after), deltas: '1' }, true);
  }

  desktopUrl(id: string, viewer: string): Promise<string> {
    return this.withTicket(id, `session/${id}/vnc/websockify`, { viewer }, true);
  }

  // An app stays open for long: it gets a ticket of a day. A `path` may not leave the app.
  async previewUrl(id: string, port: number, path: string): Promise<string> {
    const app = new URL(`session/${id}/preview/${port}/`, this.base);
    const url = new URL(`.${path}`, app);
    if (!url.pathname.startsWith(app.pathname)) throw new Error('the link leaves the app');
    if (this.credentials.key()) url.searchParams.set('ticket', (await this.newTicket(id, kDaySeconds)).ticket);
    return url.toString();
  }

  // Nothing but a URL can carry the right to use sockets and links: a ticket stands in for the key there.
  private async withTicket(id: string, path: string, query: Record<string, string>, socket = false): Promise<string> {
    const url = new URL(path, this.base);
    if (socket) url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    if (this.credentials.key()) url.searchParams.set('ticket', await this.ticket(id));
    return url.toString();
  }

  private newTicket(id: string, seconds: number): Promise<Ticket> {
    return this.call<Ticket>(`session/${id}/ticket`, { method: 'POST', json: { expires_in: seconds } });
  }

  private async ticket(id: string): Promise<string> {
    const known = this.tickets.get(id);
    if (known && Date.parse(known.expires_at) - Date.now() > kRenewBeforeMs) return known.ticket;
    const made = await this.newTicket(id, kTicketSeconds);
    this.tickets.set(id, made);
    return made.ticket;
  }

  private url(path: string): string {
    return new URL(path, this.base).toString();
  }

  private async call<T>(path: string, call: Call = {}): Promise<T> {
    const headers: Record<string, string> = { ...call.headers };
    const key = this.credentials.key();
    if (key) headers['Authorization'] = `Bearer ${key}`;
    const init: RequestInit = { method: call.method ?? 'GET', headers, cache: 'no-store' };
    if (call.json !== undefined) {
      headers['Content-Type'] = 'application/json';
      init.body = JSON.stringify(call.json);
    }
    const [response, text] = await this.exchange(path, init);
    if (response.status === 401) this.credentials.refused(key !== null);
    if (!response.ok) throw errorOf(response.status, text, response.headers.get('Retry-After'));
    return JSON.parse(text) as T;
  }

  private async exchange(path: string, init: RequestInit): Promise<[Response, string]> {
    try {
      const response = await fetch(this.url(path), init);
      return [response, await response.text()];
    } catch {
      throw unreachable();
    }
  }
}

export function encodePath(path: string): string {
  return path.split('/').map(encodeURIComponent).join('/');
}
