// The chat's socket, opened again whenever it breaks, each time after the last frame that was seen.
//
// What it needs of the outside is given to it: tests hold the time and the socket in their hands.
import type { ApiError } from '../api/errors';
import type { Frame } from './frames';

export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  close(): void;
}

export interface Outside {
  open(url: string): Socket;
  url(after: number): Promise<string>; // throws an ApiError
  later(delayMs: number, run: () => void): () => void; // returns what calls it off
  random(): number;
}

export type LinkState =
  | { name: 'connecting' }
  | { name: 'live' }
  | { name: 'waiting'; delayMs: number; reason: string }
  | { name: 'ended'; code: number; reason: string };

export interface Listener {
  lastSeq(): number;
  frames(frames: Frame[]): void;
  state(state: LinkState): void;
  reconnected(): void;
}

const kFirstDelayMs = 500;
const kMaxDelayMs = 15_000;
const kGatherMs = 16; // one fold for all frames of a moment

// Codes after which trying again would give the same.
export const kEnded = { credentials: 4401, unknown: 4404, deleted: 4410 } as const;
const kFinal: readonly number[] = Object.values(kEnded);

export class ChatConnection {
  private socket: Socket | null = null;
  private cancelTimer: (() => void) | null = null;
  private cancelGathering: (() => void) | null = null;
  private gathered: Frame[] = [];
  private failures = 0;
  private attempt = 0;
  private wasLive = false;
  private isLive = false;
  private closed = false;
  private lastError = '';

  constructor(
    private readonly outside: Outside,
    private readonly listener: Listener,
  ) {}

  start(): void {
    void this.connect();
  }

  // Something says that the socket may be dead, or that it is worth trying now.
  retryNow(): void {
    if (this.closed) return;
    this.drop();
    void this.connect();
  }

  close(): void {
    this.closed = true;
    this.deliver();
    this.drop();
  }

  private drop(): void {
    this.cancelTimer?.();
    this.cancelTimer = null;
    this.attempt += 1; // what an earlier attempt still has to say is not heard
    const socket = this.socket;
    this.socket = null;
    this.isLive = false;
    if (!socket) return;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
  }

  private async connect(): Promise<void> {
    const attempt = ++this.attempt;
    this.deliver();
    this.listener.state({ name: 'connecting' });
    let url: string;
    try {
      url = await this.outside.url(this.listener.lastSeq());
    } catch (error) {
      if (attempt === this.attempt && !this.closed) this.urlFailed(error as ApiError);
      return;
    }
    if (attempt !== this.attempt || this.closed) return;
    const socket = this.outside.open(url);
    this.socket = socket;
    socket.onmessage = (event) => this.receive(event.data);
    socket.onclose = (event) => this.lost(event.code, event.reason);
  }

  private urlFailed(error: ApiError): void {
    if (error.status === 401) return this.end(kEnded.credentials, error.message);
    if (error.status === 404) return this.end(kEnded.unknown, error.message);
    if (error.status === 409) return this.end(kEnded.deleted, error.message);
    this.retry(error.message, error.retryAfterMs);
  }

  private receive(data: unknown): void {
    const frame = JSON.parse(String(data)) as Frame;
    this.cameAlive(frame);
    if (frame.type === 'error' && frame.seq === undefined) this.lastError = frame.content;
    this.gathered.push(frame);
    this.cancelGathering ??= this.outside.later(kGatherMs, () => this.deliver());
  }

  // "Connected to session" is the first frame; an error in its place is followed by a close.
  private cameAlive(frame: Frame): void {
    if (frame.type === 'error' || this.isLive) return;
    this.isLive = true;
    this.failures = 0;
    this.lastError = '';
    if (this.wasLive) this.listener.reconnected();
    this.wasLive = true;
    this.listener.state({ name: 'live' });
  }

  private deliver(): void {
    this.cancelGathering?.();
    this.cancelGathering = null;
    const frames = this.gathered;
    this.gathered = [];
    if (frames.length > 0) this.listener.frames(frames);
  }

  private lost(code: number, reason: string): void {
    this.socket = null;
    this.isLive = false;
    this.deliver();
    if (kFinal.includes(code)) return this.end(code, this.lastError || reason);
    this.retry(this.lastError || reason || 'The connection broke');
  }

  private retry(reason: string, atLeastMs = 0): void {
    const delay = Math.min(kMaxDelayMs, kFirstDelayMs * 2 ** this.failures) * (0.75 + this.outside.random() / 2);
    const delayMs = Math.max(atLeastMs, delay);
    this.failures += 1;
    this.listener.state({ name: 'waiting', delayMs, reason });
    this.cancelTimer = this.outside.later(delayMs, () => void this.connect());
  }

  private end(code: number, reason: string): void {
    this.closed = true;
    this.listener.state({ name: 'ended', code, reason });
  }
}
