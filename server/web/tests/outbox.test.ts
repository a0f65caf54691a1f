import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/api/errors';
import { Outbox, type Outgoing } from '../src/chat/outbox';
import { FakeTime, settle } from './fake_time';

class Bench {
  readonly time = new FakeTime();
  readonly stored = new Map<string, string>();
  readonly sent: [string, string][] = [];
  prompts: readonly Outgoing[] = [];
  problem: ApiError | null = null;
  private lastId = 0;
  box = this.make();

  make(): Outbox {
    return new Outbox('box', {
      send: async (content, id) => {
        this.sent.push([content, id]);
        if (this.problem) throw this.problem;
      },
      later: this.time.later,
      newId: () => `id-${++this.lastId}`,
      storage: {
        getItem: (name) => this.stored.get(name) ?? null,
        setItem: (name, value) => void this.stored.set(name, value),
        removeItem: (name) => void this.stored.delete(name),
      },
      changed: (prompts) => (this.prompts = prompts),
    });
  }
  get ids(): string[] {
    return this.prompts.map((prompt) => prompt.id);
  }
}

describe('a prompt on its way', () => {
  it('stays until the chat shows it', async () => {
    const bench = new Bench();
    bench.box.add('one');
    await settle();
    expect(bench.prompts).toHaveLength(1);
    bench.box.arrived(new Set(bench.ids));
    expect(bench.prompts).toEqual([]);
    expect(bench.stored.size).toBe(0);
  });

  it('is sent again with the same id while there is no answer', async () => {
    const bench = new Bench();
    bench.problem = new ApiError({ status: 0, message: 'away' });
    bench.box.add('one');
    await settle();
    bench.problem = null;
    await bench.time.pass(2000);
    expect(bench.sent).toHaveLength(2);
    expect(bench.sent[0]).toEqual(bench.sent[1]);
    expect(bench.prompts[0]?.failure).toBeUndefined();
  });

  it('outlives a reload', async () => {
    const bench = new Bench();
    bench.box.add('one');
    await settle();
    bench.box.close();
    bench.box = bench.make();
    bench.box.start();
    await settle();
    expect(bench.sent).toHaveLength(2);
    expect(bench.sent[0]).toEqual(bench.sent[1]);
  });

  it('keeps its place before later ones', async () => {
    const bench = new Bench();
    bench.problem = new ApiError({ status: 503, message: 'later' });
    bench.box.add('one');
    bench.box.add('two');
    await settle();
    bench.problem = null;
    await bench.time.pass(2000);
    expect(bench.sent.map(([content]) => content)).toEqual(['one', 'one', 'two']);
  });

  it('says why it was refused, holds nobody up, and can be tried again or dropped', async () => {
    const bench = new Bench();
    bench.problem = new ApiError({
      status: 400, message: 'Validation failed', hint: 'shorten it', details: [{ field: 'content', message: 'is too long' }],
    });
    bench.box.add('long');
    await settle();
    expect(bench.prompts[0]?.failure).toEqual({ message: 'Validation failed; content: is too long', hint: 'shorten it' });
    bench.problem = null;
    bench.box.add('short');
    await settle();
    expect(bench.sent.map(([content]) => content)).toEqual(['long', 'short']);
    bench.box.retry(bench.ids[0] ?? '');
    await settle();
    expect(bench.prompts[0]?.failure).toBeUndefined();
    bench.box.discard(bench.ids[0] ?? '');
    expect(bench.prompts.map((prompt) => prompt.content)).toEqual(['short']);
  });

  it('is not undone by what is wrong in the store', () => {
    const bench = new Bench();
    bench.stored.set('box', '{broken');
    bench.box = bench.make();
    bench.box.start();
    expect(bench.prompts).toEqual([]);
  });
});
