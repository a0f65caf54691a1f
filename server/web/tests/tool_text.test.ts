import { describe, expect, it } from 'vitest';
import { answersWithDiff, argumentBlocks, diffOf, toolState, toolTitle } from '../src/chat/tool_text';
import { frameOfEvent } from '../src/chat/frames';
import type { ToolItem } from '../src/chat/transcript';

const tool = (name: string, args: Record<string, unknown>, result?: Partial<NonNullable<ToolItem['result']>>): ToolItem => ({
  kind: 'tool', key: '1', callId: 'c', name, args, at: 1,
  ...(result ? { result: { seq: 2, outcome: 'ok', preview: '', at: 2, ...result } } : {}),
});

describe('a tool call in words', () => {
  it('names what is done to what', () => {
    expect(toolTitle(tool('execute_command', { command: 'npm test' }))).toEqual({ verb: 'Run', object: 'npm test' });
    expect(toolTitle(tool('gui_click', { x: 3, y: 4 }))).toEqual({ verb: 'Click', object: '3, 4' });
    expect(toolTitle(tool('my_tool', { a: 1, b: { c: 2 } }))).toEqual({ verb: 'my tool', object: '1 {"c":2}' });
  });

  it('tells a command that ended badly, one that never ran, and one of which nothing is known', () => {
    expect(toolState(tool('x', {}, { exitCode: 3 }), false)).toEqual({ state: 'failed', label: 'exit 3' });
    expect(toolState(tool('x', {}, { exitCode: 0 }), false).state).toBe('ok');
    expect(toolState(tool('x', {}, { outcome: 'not_run' }), false).state).toBe('not_run');
    expect(toolState(tool('x', {}, { outcome: 'unknown' }), false).state).toBe('unknown');
    expect(toolState(tool('x', {}), true).state).toBe('running');
    expect(toolState(tool('x', {}), false).state).toBe('unknown');
  });

  it('shows an edit as a diff', () => {
    expect(diffOf(tool('edit_file', { path: 'a', old_text: 'one\ntwo\n', new_text: 'one\nzwei\n' }))).toEqual([
      { sign: ' ', text: 'one' }, { sign: '-', text: 'two' }, { sign: '+', text: 'zwei' },
    ]);
    const made = tool('edit_file', { path: 'a', old_text: 'x', new_text: 'y' }, { preview: 'edited a:\n-x\n+y' });
    expect(diffOf(made)).toBeNull();
    expect(answersWithDiff(made)).toBe(true);
    expect(diffOf(tool('apply_patch', { patch: '@@ -1 +1 @@\n-a\n+b\n' }))).toEqual([
      { sign: '@', text: '@@ -1 +1 @@' }, { sign: '-', text: 'a' }, { sign: '+', text: 'b' },
    ]);
    expect(diffOf(tool('read_file', { path: 'a' }))).toBeNull();
  });

  it('repeats nothing that the title or the diff says', () => {
    expect(argumentBlocks(tool('edit_file', { path: 'a', old_text: 'x', new_text: 'y' }))).toEqual([]);
    expect(argumentBlocks(tool('write_file', { path: 'a', content: 'x\n' }))).toEqual([{ name: 'content', text: 'x\n' }]);
    expect(argumentBlocks(tool('execute_command', { command: 'a\nb', timeout_s: 5 }))).toEqual([
      { name: 'command', text: 'a\nb' }, { name: 'timeout_s', text: '5' },
    ]);
  });
});

describe('an event of a session that is gone', () => {
  const event = (type: string, data: Record<string, unknown>) => ({ seq: 4, id: 'e', type, timestamp: 9, data });

  it('becomes the frame that the chat would have sent', () => {
    expect(frameOfEvent(event('agent_message', { content: 'hi' }))).toEqual({
      type: 'agent_response', content: 'hi', timestamp: 9, seq: 4, metadata: { message_id: 'e' },
    });
    expect(frameOfEvent(event('tool_result', { name: 'x', call_id: 'c', outcome: 'ok', content: [{ type: 'text', text: 'out' }] }))).toMatchObject({
      type: 'agent_action', content: 'Tool result: out', metadata: { tool_used: 'x', call_id: 'c', outcome: 'ok' },
    });
    expect(frameOfEvent(event('phase_changed', { phase: 'queued', progress: 0, message: 'Queued' }))).toMatchObject({
      type: 'system_update', content: 'Queued', metadata: { phase: 'queued' },
    });
  });

  it('is left out where the chat has none', () => {
    expect(frameOfEvent(event('log', { message: 'x' }))).toBeUndefined();
    expect(frameOfEvent(event('agent_message', { content: '' }))).toBeUndefined();
  });
});
