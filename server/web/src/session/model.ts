// One open session: its chat, what is on the way to it, and its figures. Made when it is opened, closed when it is left.
import { signal } from '@preact/signals';
import type { Client } from '../api/client';
import { ApiError, toApiError } from '../api/errors';
import { newId } from '../api/ids';
import type { SessionDetails } from '../api/types';
import { ChatConnection, kEnded, type LinkState, type Socket } from '../chat/connection';
import { frameOfEvent, type Frame } from '../chat/frames';
import { Outbox, type Outgoing } from '../chat/outbox';
import { emptyTranscript, foldFrames, foldReconnect, type Transcript } from '../chat/transcript';

const kPollMs = 15_000;
const kLongHiddenMs = 60_000;
const kSettleMs = 150; // figures are asked for once after a burst of frames
const kEventsPage = 1000;

export function later(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs);
  return () => clearTimeout(timer);
}

export class SessionModel {
  readonly transcript = signal<Transcript>(emptyTranscript);
  readonly link = signal<LinkState>({ name: 'connecting' });
  readonly details = signal<SessionDetails | null>(null);
  readonly outgoing = signal<readonly Outgoing[]>([]);
  readonly caughtUp = signal(false); // something has been heard of the session
  readonly trouble = signal<ApiError | null>(null); // of the figures
  private readonly connection: ChatConnection;
  private readonly outbox: Outbox;
  private cancelRefresh: (() => void) | null = null;
  private readonly stopPolling: () => void;
  private hiddenSince = Date.now();
  private closed = false;

  constructor(
    private readonly client: Client,
    readonly id: string,
  ) {
    this.connection = new ChatConnection(
      {
        open: (url) => new WebSocket(url) as unknown as Socket,
        url: (after) => client.chatUrl(id, after),
        later,
        random: Math.random,
      },
      {
        lastSeq: () => this.transcript.value.lastSeq,
        frames: (frames) => this.take(frames),
        state: (state) => this.linkChanged(state),
        reconnected: () => (this.transcript.value = foldReconnect(this.transcript.value)),
      },
    );
    this.outbox = new Outbox(`ottobot.outbox.${id}`, {
      send: (content, clientId) => client.sendPrompt(id, content, clientId),
      later,
      newId,
      storage: sessionStorage,
      changed: (prompts) => (this.outgoing.value = prompts),
    });
    const poll = setInterval(() => void this.refresh(), kPollMs);
    this.stopPolling = () => clearInterval(poll);
  }

  start(): void {
    addEventListener('online', this.onOnline);
    document.addEventListener('visibilitychange', this.onVisibility);
    this.connection.start();
    this.outbox.start();
    void this.refresh();
  }

  close(): void {
    this.closed = true;
    removeEventListener('online', this.onOnline);
    document.removeEventListener('visibilitychange', this.onVisibility);
    this.stopPolling();
    this.cancelRefresh?.();
    this.connection.close();
    this.outbox.close();
  }

  send(content: string): void {
    this.outbox.add(content);
  }
  discard(id: string): void {
    this.outbox.discard(id);
  }
  resend(id: string): void {
    this.outbox.retry(id);
  }
  retryNow(): void {
    this.connection.retryNow();
    void this.outbox.sendNext();
  }
  stop(): Promise<unknown> {
    return this.client.stop(this.id);
  }

  // The whole result of a call: the chat's frames have only its beginning.
  async resultOf(seq: number): Promise<unknown> {
    const { events } = await this.client.events(this.id, seq - 1, 1);
    return events[0]?.data['content'];
  }

  async refresh(): Promise<void> {
    try {
      const details = await this.client.get(this.id);
      if (this.closed) return;
      this.details.value = details;
      this.trouble.value = null;
    } catch (error) {
      if (this.closed) return;
      this.trouble.value = toApiError(error);
      // No answer at all: the chat's socket is as dead, though nobody has told it.
      if (this.trouble.value.status === 0 && this.link.value.name === 'live') this.connection.retryNow();
    }
  }

  private readonly onOnline = (): void => this.retryNow();

  // A machine that slept does not know that its sockets are dead.
  private readonly onVisibility = (): void => {
    if (document.hidden) this.hiddenSince = Date.now();
    else if (Date.now() - this.hiddenSince > kLongHiddenMs) this.retryNow();
  };

  private take(frames: Frame[]): void {
    this.transcript.value = foldFrames(this.transcript.value, frames);
    this.outbox.arrived(new Set(frames.map((frame) => String(frame.metadata?.['client_id'] ?? ''))));
    this.caughtUp.value = true;
    if (frames.some((frame) => frame.seq !== undefined)) this.refreshSoon();
  }

  private refreshSoon(): void {
    this.cancelRefresh ??= later(kSettleMs, () => {
      this.cancelRefresh = null;
      void this.refresh();
    });
  }

  private linkChanged(state: LinkState): void {
    this.link.value = state;
    if (state.name === 'live') void this.outbox.sendNext();
    if (state.name === 'ended' && state.code === kEnded.deleted) void this.readLog();
  }

  // A deleted session has no socket any more, but its log stays for a while.
  private async readLog(): Promise<void> {
    try {
      for (let after = this.transcript.value.lastSeq, more = true; more && !this.closed; ) {
        const { events } = await this.client.events(this.id, after, kEventsPage);
        this.transcript.value = foldFrames(this.transcript.value, events.flatMap((event) => frameOfEvent(event) ?? []));
        after = events.at(-1)?.seq ?? after;
        more = events.length === kEventsPage;
      }
    } catch (error) {
      this.trouble.value = toApiError(error);
    }
    this.caughtUp.value = true;
    void this.refresh();
  }
}
