import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api/errors';
import { ChatConnection, type LinkState, type Socket } from '../src/chat/connection';
import type { Frame } from '../src/chat/frames';
import { FakeTime, settle } from './fake_time';

class FakeSocket implements Socket {
  onmessage: Socket['onmessage'] = null;
  onclose: Socket['onclose'] = null;
  closed = false;
  constructor(readonly url: string) {}
  close(): void {
    this.closed = true;
  }
  hears(frame: Partial<Frame>): void {
    this.onmessage?.({ data: JSON.stringify({ type: 'system_update', content: '', timestamp: 1, ...frame }) });
  }
  breaks(code = 1006, reason = ''): void {
    this.onclose?.({ code, reason });
  }
}

class Bench {
  readonly time = new FakeTime();
  readonly sockets: FakeSocket[] = [];
  readonly states: LinkState[] = [];
  readonly frames: Frame[] = [];
  reconnects = 0;
  urlError: ApiError | null = null;
  readonly connection = new ChatConnection(
    {
      open: (url) => {
        const socket = new FakeSocket(url);
        this.sockets.push(socket);
        return socket;
      },
      url: async (after) => {
        if (this.urlError) throw this.urlError;
        return `after=${after}`;
      },
      later: this.time.later,
      random: () => 0.5,
    },
    {
      lastSeq: () => this.frames.reduce((last, frame) => frame.seq ?? last, 0),
      frames: (frames) => this.frames.push(...frames),
      state: (state) => this.states.push(state),
      reconnected: () => (this.reconnects += 1),
    },
  );
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error('no socket was opened');
    return socket;
  }
  get state(): LinkState | undefined {
    return this.states.at(-1);
  }
  async connected(): Promise<Bench> {
    this.connection.start();
    await settle();
    this.socket.hears({ content: 'Connected to session' });
    return this;
  }
}

describe('the connection', () => {
  it('goes on after the last frame that it got, also one that was still being gathered', async () => {
    const bench = await new Bench().connected();
    bench.socket.hears({ seq: 7 });
    bench.socket.breaks();
    expect(bench.state).toMatchObject({ name: 'waiting', delayMs: 500 });
    await bench.time.pass(500);
    expect(bench.socket.url).toBe('after=7');
    bench.socket.hears({ content: 'Connected to session' });
    expect(bench.state).toEqual({ name: 'live' });
    expect(bench.reconnects).toBe(1);
  });

  it('waits longer each time, up to a bound, and starts small again once it was live', async () => {
    const bench = await new Bench().connected();
    const delays: number[] = [];
    for (let i = 0; i < 8; ++i) {
      bench.socket.breaks();
      const state = bench.state;
      if (state?.name !== 'waiting') throw new Error('it does not wait');
      delays.push(state.delayMs);
      await bench.time.pass(state.delayMs);
    }
    expect(delays).toEqual([500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
    bench.socket.hears({});
    bench.socket.breaks();
    expect(bench.state).toMatchObject({ delayMs: 500 });
  });

  it('hands frames over in bundles', async () => {
    const bench = await new Bench().connected();
    bench.socket.hears({ seq: 1 });
    bench.socket.hears({ seq: 2 });
    expect(bench.frames).toEqual([]);
    await bench.time.pass(20);
    expect(bench.frames.map((frame) => frame.seq)).toEqual([undefined, 1, 2]);
  });

  it.each([[4401, 'bad credentials'], [4404, 'unknown session'], [4410, 'session deleted']])(
    'ends at %i with what the server said', async (code, reason) => {
      const bench = new Bench();
      bench.connection.start();
      await settle();
      bench.socket.hears({ type: 'error', content: 'this is why' });
      bench.socket.breaks(code, reason);
      expect(bench.state).toEqual({ name: 'ended', code, reason: 'this is why' });
      await bench.time.pass(60_000);
      expect(bench.sockets).toHaveLength(1);
    });

  it('tries again when no ticket could be had for the moment, as late as it is told', async () => {
    const bench = new Bench();
    bench.urlError = new ApiError({ status: 429, message: 'too many requests', retryAfterMs: 9000 });
    bench.connection.start();
    await settle();
    expect(bench.state).toEqual({ name: 'waiting', delayMs: 9000, reason: 'too many requests' });
    bench.urlError = null;
    await bench.time.pass(9000);
    expect(bench.sockets).toHaveLength(1);
  });

  it('lets go of the old socket when it is told to try now', async () => {
    const bench = await new Bench().connected();
    const old = bench.socket;
    bench.connection.retryNow();
    await settle();
    expect(old.closed).toBe(true);
    expect(bench.sockets).toHaveLength(2);
    old.hears({ seq: 99 });
    await bench.time.pass(20);
    expect(bench.frames.some((frame) => frame.seq === 99)).toBe(false);
  });

  it('opens nothing after it was closed', async () => {
    const bench = new Bench();
    bench.connection.start();
    bench.connection.close();
    await bench.time.pass(60_000);
    expect(bench.sockets).toEqual([]);
  });
});
