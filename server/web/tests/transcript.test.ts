import { describe, expect, it } from 'vitest';
import type { Frame } from '../src/chat/frames';
import { emptyTranscript, foldFrames, foldReconnect, type Transcript } from '../src/chat/transcript';

let lastSeq = 0;
const seq = (type: string, content: string, metadata?: Record<string, unknown>): Frame => ({
  type, content, timestamp: 1000 + ++lastSeq, seq: lastSeq, ...(metadata ? { metadata } : {}),
});
const delta = (content: string, offset: number, extra: Record<string, unknown> = {}): Frame => ({
  type: 'agent_delta', content, timestamp: 1, metadata: { message_id: 'm1', offset, ...extra },
});
const prompt = (content: string, id = ''): Frame => seq('user_prompt', content, id ? { client_id: id } : undefined);
const turnEnd = (outcome = 'completed', extra = {}): Frame =>
  seq('system_update', 'Turn completed', { outcome, steps: 2, usage: { input_tokens: 3, output_tokens: 4 }, session_status: 'ready', ...extra });
const folded = (...frames: Frame[]): Transcript => foldFrames(emptyTranscript, frames);
const kinds = (t: Transcript): string[] => t.items.map((item) => item.kind);

describe('a conversation', () => {
  it('is the same whether its frames come one by one, all at once, or twice', () => {
    lastSeq = 0;
    const frames = [prompt('do it'), seq('agent_response', 'yes', { message_id: 'm1' }), turnEnd(), prompt('more'), turnEnd()];
    const atOnce = folded(...frames);
    const oneByOne = frames.reduce((t, frame) => foldFrames(t, [frame]), emptyTranscript);
    expect(oneByOne).toEqual(atOnce);
    expect(foldFrames(atOnce, frames)).toEqual(atOnce);
    expect(kinds(atOnce)).toEqual(['prompt', 'answer', 'turn', 'prompt', 'turn']);
  });

  it('puts a prompt that waits below the turn before it', () => {
    lastSeq = 0;
    const running = folded(prompt('first'), prompt('second'), prompt('third'), seq('agent_response', 'a', { message_id: 'm' }));
    expect(kinds(running)).toEqual(['prompt', 'answer']);
    expect(running.queued.map((item) => item.text)).toEqual(['second', 'third']);
    const next = foldFrames(running, [turnEnd()]);
    expect(kinds(next)).toEqual(['prompt', 'answer', 'turn', 'prompt']);
    expect(next.queued).toHaveLength(1);
    expect(next.busy).toBe(true);
    expect(foldFrames(next, [turnEnd(), turnEnd()]).busy).toBe(false);
  });

  it('says why a turn failed, once, from the frame that has a seq', () => {
    lastSeq = 0;
    const error = { message: 'the model is away', hint: 'wait' };
    const t = folded(prompt('x'), { type: 'error', content: 'the model is away', timestamp: 1 }, turnEnd('failed', { error }));
    expect(kinds(t)).toEqual(['prompt', 'turn']);
    expect(t.items.at(-1)).toMatchObject({ outcome: 'failed', failure: error });
  });

  it('follows phases and status without filling the chat with them', () => {
    lastSeq = 0;
    const t = folded(seq('system_update', 'starting', { phase: 'starting_container', progress: 44 }),
      seq('system_update', 'Session is running', { session_status: 'running' }));
    expect(t.items).toEqual([]);
    expect(t.phase).toEqual({ name: 'starting_container', progress: 44, message: 'starting' });
    expect(t.status).toBe('running');
  });

  it('tells of a stop until the turn has ended', () => {
    lastSeq = 0;
    const stopping = folded(prompt('x'), seq('system_update', 'Stop requested', { by: 'user' }));
    expect(stopping.stopping).toBe(true);
    expect(foldFrames(stopping, [turnEnd('stopped')]).stopping).toBe(false);
    expect(folded(seq('system_update', 'Stop requested', { by: 'user' })).stopping).toBe(false);
  });
});

describe('a tool call', () => {
  const call = (id: string): Frame => seq('agent_action', 'Using x...', { tool_used: 'execute_command', call_id: id, args: { command: 'ls' } });
  const result = (id: string, content: string, extra = {}): Frame =>
    seq('agent_action', `Tool result: ${content}`, { tool_used: 'execute_command', call_id: id, outcome: 'ok', ...extra });

  it('gets its result wherever that comes', () => {
    lastSeq = 0;
    const t = folded(call('a'), call('b'), result('b', 'two'), result('a', 'one', { exit_code: 3 }));
    expect(t.items).toHaveLength(2);
    expect(t.items[0]).toMatchObject({ callId: 'a', args: { command: 'ls' }, result: { preview: 'one', exitCode: 3 } });
    expect(t.items[1]).toMatchObject({ callId: 'b', result: { preview: 'two', outcome: 'ok' } });
  });

  it('is shown even if only its result is known', () => {
    lastSeq = 0;
    expect(folded(result('z', 'late')).items).toMatchObject([{ kind: 'tool', callId: 'z', result: { preview: 'late' } }]);
  });
});

describe('an answer that streams', () => {
  it('grows by deltas whose offsets count code points', () => {
    const t = folded(delta('Hi 👋', 0), delta(' there', 4));
    expect(t.draft).toMatchObject({ text: 'Hi 👋 there', length: 10 });
  });

  it('starts again after a reset', () => {
    const t = folded(delta('wrong', 0), delta('', 0, { reset: true }), delta('right', 0));
    expect(t.draft?.text).toBe('right');
  });

  it('takes what overlaps once', () => {
    expect(folded(delta('abcdef', 0), delta('efgh', 4)).draft?.text).toBe('abcdefgh');
  });

  it('does not show text around a hole as whole', () => {
    const t = folded(delta('abc', 0), delta('xyz', 10), delta('more', 13));
    expect(t.draft).toMatchObject({ text: 'abc', hole: true });
    expect(foldFrames(t, [delta('', 0, { reset: true }), delta('again', 0)]).draft).toMatchObject({ text: 'again', hole: false });
    expect(folded(delta('late', 7)).draft).toMatchObject({ text: '', hole: true });
  });

  it('is not glued to what was missed while the socket was away', () => {
    const away = foldReconnect(folded(delta('first try', 0)));
    expect(foldFrames(away, [delta(' of another', 9)]).draft).toMatchObject({ text: 'first try', hole: true });
  });

  it('gives way to the whole answer', () => {
    lastSeq = 0;
    const t = folded(prompt('x'), delta('par', 0), seq('agent_response', 'partly', { message_id: 'm1' }));
    expect(t.draft).toBeNull();
    expect(t.items.at(-1)).toMatchObject({ kind: 'answer', text: 'partly' });
  });

  it('is gone when its turn ends without it', () => {
    lastSeq = 0;
    expect(folded(prompt('x'), delta('par', 0), turnEnd('stopped')).draft).toBeNull();
  });
});
