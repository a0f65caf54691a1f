// The desktop in an element: connects, and again when the connection breaks, for as long as it is wanted.
import type RFB from '@novnc/novnc';
import { signal } from '@preact/signals';
import type { Client } from '../api/client';
import { toApiError } from '../api/errors';
import { newId } from '../api/ids';
import { later } from '../session/model';

export type DesktopLinkState =
  | { name: 'connecting' }
  | { name: 'live' }
  | { name: 'broken'; reason: string } // it is tried again
  | { name: 'ended'; reason: string };

const kFirstRetryMs = 1000;
const kMaxRetryMs = 15_000;
const kFinalCodes = [4401, 4404, 4410]; // credentials, unknown, deleted: nothing changes by trying again

export class DesktopLink {
  readonly viewer = newId();
  readonly state = signal<DesktopLinkState>({ name: 'connecting' });
  private rfb: RFB | null = null;
  private cancelRetry: (() => void) | null = null;
  private closed = false;
  private failures = 0;
  private viewOnly = true;

  constructor(
    private readonly client: Client,
    private readonly sessionId: string,
    private readonly element: HTMLElement,
  ) {}

  async connect(): Promise<void> {
    this.cancelRetry = null;
    try {
      const [{ default: Rfb }, url] = await Promise.all([
        import('@novnc/novnc'), this.client.desktopUrl(this.sessionId, this.viewer),
      ]);
      if (!this.closed) this.show(Rfb, url);
    } catch (error) {
      this.retry(toApiError(error).message);
    }
  }

  setViewOnly(viewOnly: boolean): void {
    this.viewOnly = viewOnly;
    if (!this.rfb) return;
    this.rfb.viewOnly = viewOnly;
    if (!viewOnly) this.rfb.focus({ preventScroll: true });
    else this.rfb.blur();
  }

  close(): void {
    this.closed = true;
    this.cancelRetry?.();
    this.rfb?.disconnect();
    this.rfb = null;
  }

  private show(Rfb: typeof RFB, url: string): void {
    this.state.value = { name: 'connecting' };
    const socket = new WebSocket(url, ['binary']);
    let ending = { code: 1006, reason: '' };
    socket.addEventListener('close', ({ code, reason }) => (ending = { code, reason }));
    const rfb = new Rfb(this.element, socket, { shared: true });
    rfb.scaleViewport = true;
    rfb.background = 'transparent';
    rfb.viewOnly = this.viewOnly;
    rfb.addEventListener('connect', () => {
      this.failures = 0;
      this.state.value = { name: 'live' };
    });
    rfb.addEventListener('disconnect', () => this.lost(ending.code, ending.reason));
    this.rfb = rfb;
  }

  private lost(code: number, reason: string): void {
    this.rfb = null;
    if (this.closed) return;
    if (kFinalCodes.includes(code)) {
      this.state.value = { name: 'ended', reason: reason || 'There is no desktop any more' };
      return;
    }
    this.retry(reason || 'The connection to the desktop broke');
  }

  private retry(reason: string): void {
    if (this.closed) return;
    this.state.value = { name: 'broken', reason };
    const delay = Math.min(kMaxRetryMs, kFirstRetryMs * 2 ** this.failures++);
    this.cancelRetry = later(delay, () => void this.connect());
  }
}
