// The conversation as a fold of the chat's frames: pure, and the same after a reload.
//
// Frames with a seq that was seen already change nothing. A prompt that comes while a turn runs waits in `queued` and
// takes its place when the turn before it has ended, so that each turn stands below its own prompt.
import type { SessionStatus, Usage } from '../api/types';
import { failureOf, number, text, usageOf, type Failure, type Frame } from './frames';

export interface PromptItem {
  kind: 'prompt';
  key: string;
  text: string;
  at: number;
  clientId: string;
}
export interface AnswerItem {
  kind: 'answer';
  key: string;
  text: string;
  at: number;
}
export interface ThinkingItem {
  kind: 'thinking';
  key: string;
  text: string;
}
export interface ToolItem {
  kind: 'tool';
  key: string;
  callId: string;
  name: string;
  args: Record<string, unknown>;
  at: number;
  result?: { seq: number; outcome: string; exitCode?: number; preview: string; at: number };
}
export interface NoteItem {
  kind: 'note';
  key: string;
  tone: 'info' | 'warning' | 'error';
  text: string;
}
export interface TurnItem {
  kind: 'turn';
  key: string;
  outcome: string;
  steps: number;
  usage: Usage;
  failure?: Failure;
}
export interface FilesItem {
  kind: 'files';
  key: string;
  files: string[];
}
export type Item = PromptItem | AnswerItem | ThinkingItem | ToolItem | NoteItem | TurnItem | FilesItem;

// An answer that is still being written. `length` counts code points, as the offsets of deltas do. After a hole nothing
// is added: the whole answer comes with its own frame.
export interface Draft {
  messageId: string;
  text: string;
  length: number;
  hole: boolean;
}

export interface Phase {
  name: string;
  progress: number;
  message: string;
}

export interface Transcript {
  items: readonly Item[];
  queued: readonly PromptItem[];
  draft: Draft | null;
  lastSeq: number;
  status: SessionStatus;
  phase: Phase | null;
  busy: boolean; // a prompt has not got the end of its turn yet
  stopping: boolean;
  filesVersion: number; // rises when the workspace may have changed
}

export const emptyTranscript: Transcript = {
  items: [], queued: [], draft: null, lastSeq: 0, status: 'initializing', phase: null, busy: false, stopping: false,
  filesVersion: 0,
};

type Working = { -readonly [K in keyof Transcript]: Transcript[K] } & { items: Item[]; queued: PromptItem[] };

export function foldFrames(before: Transcript, frames: readonly Frame[]): Transcript {
  const t: Working = { ...before, items: [...before.items], queued: [...before.queued] };
  for (const frame of frames) {
    if (frame.type === 'agent_delta') applyDelta(t, frame);
    else applyFrame(t, frame);
  }
  return t;
}

// What was sent without a seq while the socket was away is lost: an answer half received must not look whole.
export function foldReconnect(before: Transcript): Transcript {
  return before.draft ? { ...before, draft: { ...before.draft, hole: true } } : before;
}

function applyDelta(t: Working, frame: Frame): void {
  const messageId = text(frame.metadata?.['message_id']);
  const offset = number(frame.metadata?.['offset']) ?? 0;
  if (frame.metadata?.['reset'] === true) {
    if (t.draft?.messageId === messageId) t.draft = null;
    return;
  }
  const known = t.draft?.messageId === messageId ? t.draft : { messageId, text: '', length: 0, hole: false };
  if (offset > known.length || known.hole) {
    t.draft = offset === 0 ? withText(messageId, frame.content) : { ...known, hole: true };
    return;
  }
  const kept = offset === known.length ? known.text : Array.from(known.text).slice(0, offset).join('');
  t.draft = { messageId, text: kept + frame.content, length: offset + codePoints(frame.content), hole: false };
}

const withText = (messageId: string, content: string): Draft => ({
  messageId, text: content, length: codePoints(content), hole: false,
});

function codePoints(content: string): number {
  let count = 0;
  for (const _ of content) count += 1;
  return count;
}

function applyFrame(t: Working, frame: Frame): void {
  // Without a seq: no part of the log. "Connected to session" tells a status that what follows it may not have reached.
  if (frame.seq === undefined || frame.seq <= t.lastSeq) return;
  t.lastSeq = frame.seq;
  const key = String(frame.seq);
  switch (frame.type) {
    case 'user_prompt':
      return applyPrompt(t, frame, key);
    case 'agent_response':
      t.draft = null;
      t.items.push({ kind: 'answer', key: text(frame.metadata?.['message_id']) || key, text: frame.content, at: frame.timestamp });
      return;
    case 'agent_thinking':
      t.items.push({ kind: 'thinking', key, text: frame.content });
      return;
    case 'agent_action':
      return applyAction(t, frame, key);
    case 'download_ready':
      return applyFiles(t, frame, key);
    default:
      return applyUpdate(t, frame, key);
  }
}

function applyPrompt(t: Working, frame: Frame, key: string): void {
  const prompt: PromptItem = {
    kind: 'prompt', key, text: frame.content, at: frame.timestamp, clientId: text(frame.metadata?.['client_id']),
  };
  if (t.busy) t.queued.push(prompt);
  else t.items.push(prompt);
  t.busy = true;
}

function applyAction(t: Working, frame: Frame, key: string): void {
  const data = frame.metadata ?? {};
  const callId = text(data['call_id']);
  const outcome = text(data['outcome']);
  if (!outcome) {
    const args = typeof data['args'] === 'object' && data['args'] !== null ? data['args'] : {};
    t.items.push({
      kind: 'tool', key, callId, name: text(data['tool_used']), args: args as Record<string, unknown>, at: frame.timestamp,
    });
    return;
  }
  const exitCode = number(data['exit_code']);
  const result = {
    seq: frame.seq ?? 0, outcome, preview: frame.content.replace(/^Tool result: /, ''), at: frame.timestamp,
    ...(exitCode === undefined ? {} : { exitCode }),
  };
  const at = t.items.findLastIndex((item) => item.kind === 'tool' && item.callId === callId);
  const call = t.items[at];
  if (call?.kind === 'tool') t.items[at] = { ...call, result };
  else t.items.push({ kind: 'tool', key, callId, name: text(data['tool_used']), args: {}, at: frame.timestamp, result });
}

function applyFiles(t: Working, frame: Frame, key: string): void {
  const changed = frame.metadata?.['changed_files'];
  t.filesVersion += 1;
  t.items.push({ kind: 'files', key, files: Array.isArray(changed) ? changed.map(text) : [] });
}

function applyUpdate(t: Working, frame: Frame, key: string): void {
  const data = frame.metadata ?? {};
  if (data['phase'] !== undefined) return applyPhase(t, frame, key);
  if (data['outcome'] !== undefined) return finishTurn(t, data, key);
  if (data['session_status'] !== undefined) return applyStatus(t, frame, key);
  if (data['by'] !== undefined && data['decision'] === undefined) {
    t.stopping = t.busy;
    return;
  }
  const tone = data['decision'] === undefined && frame.type !== 'approval_request' ? 'warning' : 'info';
  t.items.push({ kind: 'note', key, tone, text: frame.content });
}

function applyPhase(t: Working, frame: Frame, key: string): void {
  const name = text(frame.metadata?.['phase']);
  t.phase = { name, progress: number(frame.metadata?.['progress']) ?? 0, message: frame.content };
  if (name === 'expired') t.items.push({ kind: 'note', key, tone: 'info', text: frame.content });
}

function applyStatus(t: Working, frame: Frame, key: string): void {
  t.status = text(frame.metadata?.['session_status']) as SessionStatus;
  const reason = text(frame.metadata?.['reason']);
  if (t.status === 'error') {
    t.items.push({ kind: 'note', key, tone: 'error', text: reason || 'The session cannot go on' });
  } else if (reason) {
    t.items.push({ kind: 'note', key, tone: 'info', text: reason });
  }
}

function finishTurn(t: Working, data: Record<string, unknown>, key: string): void {
  const failure = failureOf(data['error']);
  t.items.push({
    kind: 'turn', key, outcome: text(data['outcome']), steps: number(data['steps']) ?? 0, usage: usageOf(data['usage']),
    ...(failure ? { failure } : {}),
  });
  t.draft = null;
  t.stopping = false;
  t.status = 'ready';
  t.filesVersion += 1;
  const next = t.queued.shift();
  t.busy = next !== undefined;
  if (next) t.items.push(next);
}
