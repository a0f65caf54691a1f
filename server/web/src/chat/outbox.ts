// Prompts on their way: kept over a reload, sent one after the other, again after what may pass. Each carries an id, so
// a prompt that had arrived all the same is not there twice.
import { ApiError, toApiError } from '../api/errors';

export interface Outgoing {
  id: string;
  content: string;
  failure?: { message: string; hint?: string };
}

export interface OutboxOutside {
  send(content: string, id: string): Promise<unknown>; // throws an ApiError
  later(delayMs: number, run: () => void): () => void;
  newId(): string;
  storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  changed(prompts: readonly Outgoing[]): void;
}

const kRetryMs = 2000;

export class Outbox {
  private prompts: Outgoing[];
  private sending = false;
  private cancelRetry: (() => void) | null = null;
  private closed = false;

  constructor(
    private readonly name: string,
    private readonly outside: OutboxOutside,
  ) {
    this.prompts = load(outside.storage.getItem(name));
  }

  start(): void {
    this.outside.changed(this.prompts);
    void this.sendNext();
  }

  close(): void {
    this.closed = true;
    this.cancelRetry?.();
  }

  add(content: string): void {
    this.change([...this.prompts, { id: this.outside.newId(), content }]);
    void this.sendNext();
  }

  // The server has shown them in the chat.
  arrived(ids: ReadonlySet<string>): void {
    if (this.prompts.some((prompt) => ids.has(prompt.id))) {
      this.change(this.prompts.filter((prompt) => !ids.has(prompt.id)));
    }
  }

  discard(id: string): void {
    this.change(this.prompts.filter((prompt) => prompt.id !== id));
  }

  retry(id: string): void {
    this.change(this.prompts.map((prompt) => (prompt.id === id ? { id, content: prompt.content } : prompt)));
    void this.sendNext();
  }

  // The connection is back: no need to wait for the timer.
  async sendNext(): Promise<void> {
    this.cancelRetry?.();
    this.cancelRetry = null;
    if (this.sending || this.closed) return;
    this.sending = true;
    const sent = new Set<string>();
    for (let next = this.unsent(sent); next && !this.closed; next = this.unsent(sent)) {
      sent.add(next.id);
      const error = await this.outside.send(next.content, next.id).then(() => null, toApiError);
      if (error?.mayPass) {
        this.cancelRetry = this.outside.later(error.retryAfterMs ?? kRetryMs, () => void this.sendNext());
        break;
      }
      if (error) this.fail(next.id, error);
    }
    this.sending = false;
  }

  private unsent(sent: ReadonlySet<string>): Outgoing | undefined {
    return this.prompts.find((prompt) => !prompt.failure && !sent.has(prompt.id));
  }

  private fail(id: string, error: ApiError): void {
    const failure = { message: error.lines.join('; '), ...(error.hint ? { hint: error.hint } : {}) };
    this.change(this.prompts.map((prompt) => (prompt.id === id ? { ...prompt, failure } : prompt)));
  }

  private change(prompts: Outgoing[]): void {
    this.prompts = prompts;
    if (prompts.length > 0) this.outside.storage.setItem(this.name, JSON.stringify(prompts));
    else this.outside.storage.removeItem(this.name);
    this.outside.changed(prompts);
  }
}

function load(stored: string | null): Outgoing[] {
  try {
    const prompts = JSON.parse(stored ?? '[]') as Outgoing[];
    return Array.isArray(prompts) ? prompts : [];
  } catch {
    return [];
  }
}
