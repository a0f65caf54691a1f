// Frames of the chat, and the fields of their metadata.
import type { SessionEvent, Usage } from '../api/types';

export interface Frame {
  type: string;
  content: string;
  timestamp: number;
  seq?: number;
  error?: string;
  metadata?: Record<string, unknown>;
}

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');
export const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);

export interface Failure {
  message: string;
  hint?: string;
}

export function failureOf(value: unknown): Failure | undefined {
  if (typeof value === 'string' && value) return { message: value };
  if (typeof value !== 'object' || value === null) return undefined;
  const { message, hint } = value as Record<string, unknown>;
  if (!text(message)) return undefined;
  return text(hint) ? { message: text(message), hint: text(hint) } : { message: text(message) };
}

export function usageOf(value: unknown): Usage {
  const usage = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const cost = number(usage['cost_usd']);
  return {
    input_tokens: number(usage['input_tokens']) ?? 0,
    output_tokens: number(usage['output_tokens']) ?? 0,
    ...(cost === undefined ? {} : { cost_usd: cost }),
  };
}

export interface ContentPart {
  type: string;
  text?: string;
  data?: string;
  mimeType?: string;
}

export function textOfContent(content: unknown): string {
  if (!Array.isArray(content)) return '';
  return (content as ContentPart[]).flatMap((part) => (part.type === 'text' ? [part.text ?? ''] : [])).join('\n');
}

const kSilent = new Set(['session_created', 'model_call_started', 'log']);

// The frame of an event, for sessions that are gone: no socket is opened for them, but their log can be read.
export function frameOfEvent(event: SessionEvent): Frame | undefined {
  if (kSilent.has(event.type)) return undefined;
  const data = event.data;
  const frame = (type: string, content: string, metadata?: Record<string, unknown>): Frame => ({
    type, content, timestamp: event.timestamp, seq: event.seq, ...(metadata ? { metadata } : {}),
  });
  const name = text(data['name']);
  switch (event.type) {
    case 'user_prompt':
      return frame('user_prompt', text(data['content']), data);
    case 'agent_thinking':
      return frame('agent_thinking', text(data['content']));
    case 'agent_message':
      return text(data['content']) ? frame('agent_response', text(data['content']), { message_id: event.id }) : undefined;
    case 'tool_intent':
      return frame('agent_action', `Using ${name}...`, { ...data, tool_used: name });
    case 'tool_result':
      return frame('agent_action', `Tool result: ${textOfContent(data['content'])}`, { ...data, tool_used: name });
    case 'turn_finished':
      return frame('system_update', '', { ...data, session_status: 'ready' });
    case 'workspace_changed':
      return frame('download_ready', '', data);
    case 'status_changed':
      return frame('system_update', text(data['reason']), { session_status: data['status'], reason: data['reason'] });
    case 'stop_requested':
      return frame('system_update', 'Stop requested', data);
    default:
      return frame('system_update', text(data['message']), data);
  }
}
