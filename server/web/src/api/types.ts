// Bodies of the REST API, as /openapi.json describes them.

export type SessionStatus = 'initializing' | 'ready' | 'running' | 'terminating' | 'terminated' | 'error';

export interface SessionBrief {
  session_id: string;
  status: SessionStatus;
  created_at: string;
  expires_at: string;
  initial_prompt: string;
}

export interface Usage {
  input_tokens: number;
  output_tokens: number;
  cost_usd?: number;
}

export interface SessionDetails extends SessionBrief {
  model: string;
  environment: string;
  phase: string;
  last_seq: number;
  usage: Usage;
  error?: string;
}

export interface SessionPage {
  sessions: SessionBrief[];
  total: number;
  limit: number;
  offset: number;
}

export interface NewSession {
  initial_prompt: string;
  environment?: string;
  model?: string;
  image?: string;
  timeout?: number;
}

export interface FileEntry {
  name: string;
  type: 'file' | 'directory' | 'symlink';
  size_bytes: number;
  modified_at: string;
}

export interface Listing {
  path: string;
  entries: FileEntry[];
}

export interface DesktopState {
  viewers: { id: string; role: 'control' | 'view'; controls: boolean; connected_at: string }[];
  controller: string | null;
  agent_input: 'free' | 'parked';
}

export interface SessionEvent {
  seq: number;
  id: string;
  type: string;
  timestamp: number;
  data: Record<string, unknown>;
}

export interface Ticket {
  ticket: string;
  expires_at: string;
}
