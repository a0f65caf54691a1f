// What every HTTP peer does: GET /session/:id and POST /session on SQLite, with the checks and the rows of ours. The
// commit of a new session waits for the disk, as ours does.
import { randomBytes } from 'node:crypto';

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-';
export const environments = ['node', 'python', 'full-stack', 'data-science'];

export function newId() {
  let id = '';
  for (const byte of randomBytes(21)) id += alphabet[byte & 63];
  return id;
}

// `database` has run(sql) and prepare(sql) with run(...) and get(...), as bun:sqlite and node:sqlite do.
export function openSessions(database, origin) {
  for (const sql of [
    'PRAGMA journal_mode = WAL',
    'PRAGMA synchronous = FULL',
    'CREATE TABLE sessions (id TEXT PRIMARY KEY, status TEXT, phase TEXT, created_at INTEGER, expires_at INTEGER, prompt TEXT, environment TEXT)',
    'CREATE TABLE events (id TEXT PRIMARY KEY, session TEXT, seq INTEGER, type TEXT, timestamp INTEGER, data TEXT)',
    'CREATE INDEX events_by_session ON events (session, seq)',
  ]) {
    database.run(sql);
  }
  const insertSession = database.prepare('INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?)');
  const insertEvent = database.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)');
  const select = database.prepare('SELECT * FROM sessions WHERE id = ?');
  const answer = (row) => ({
    session_id: row.id,
    status: row.status,
    phase: row.phase,
    created_at: new Date(row.created_at).toISOString(),
    expires_at: new Date(row.expires_at).toISOString(),
    initial_prompt: row.prompt,
    chat_url: `${origin().replace('http', 'ws')}/session/${row.id}/chat`,
    vnc_url: `${origin()}/session/${row.id}/vnc/`,
  });
  return {
    get(id) {
      const row = select.get(id);
      return row ? answer(row) : null;
    },
    create({ initial_prompt, timeout = 3600, environment = 'full-stack' }) {
      const now = Date.now();
      const row = { id: newId(), status: 'initializing', phase: 'queued', created_at: now, expires_at: now + timeout * 1000, prompt: initial_prompt };
      database.run('BEGIN IMMEDIATE');
      insertSession.run(row.id, row.status, row.phase, row.created_at, row.expires_at, row.prompt, environment);
      const events = [['session_created', { initial_prompt, environment }], ['phase_changed', { phase: 'queued' }], ['user_prompt', { content: initial_prompt }]];
      events.forEach(([type, data], n) => insertEvent.run(newId(), row.id, n + 1, type, now, JSON.stringify(data)));
      database.run('COMMIT');
      return answer(row);
    },
  };
}

// Why a body cannot be a session; null when it can.
export function problemOf(body) {
  const length = typeof body?.initial_prompt === 'string' ? [...body.initial_prompt].length : 0;
  if (length < 1 || length > 5000) return 'initial_prompt: 1 to 5000 characters';
  if (body.timeout !== undefined && !(Number.isInteger(body.timeout) && body.timeout >= 300 && body.timeout <= 7200)) return 'timeout: 300 to 7200';
  if (body.environment !== undefined && !environments.includes(body.environment)) return 'environment';
  return null;
}
