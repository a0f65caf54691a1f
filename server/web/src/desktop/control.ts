// Who controls the desktop, as the server says it: asked for every few seconds, and after each change.
import { signal } from '@preact/signals';
import type { Client } from '../api/client';
import type { DesktopState } from '../api/types';

export type Holder = 'agent' | 'you' | 'other';

const kPollMs = 3000;

export function holderOf(state: DesktopState, viewer: string): Holder {
  if (state.controller === viewer) return 'you';
  return state.controller !== null || state.agent_input === 'parked' ? 'other' : 'agent';
}

export class DesktopControl {
  readonly holder = signal<Holder>('agent');
  private readonly timer: ReturnType<typeof setInterval>;
  private asked = 0;

  constructor(
    private readonly client: Client,
    private readonly sessionId: string,
    private readonly viewer: string,
  ) {
    this.timer = setInterval(() => void this.refresh(), kPollMs);
  }

  close(): void {
    this.asked += 1;
    clearInterval(this.timer);
  }

  // Throws an ApiError.
  take(): Promise<void> {
    return this.learn(this.client.control(this.sessionId, 'take', this.viewer));
  }
  release(): Promise<void> {
    return this.learn(this.client.control(this.sessionId, 'release', this.viewer));
  }

  // What cannot be asked now is asked again soon; that the server is away is said elsewhere.
  refresh(): Promise<void> {
    return this.learn(this.client.desktop(this.sessionId)).catch(() => undefined);
  }

  private async learn(answer: Promise<DesktopState>): Promise<void> {
    const mine = ++this.asked;
    const state = await answer;
    if (mine === this.asked) this.holder.value = holderOf(state, this.viewer);
  }
}
