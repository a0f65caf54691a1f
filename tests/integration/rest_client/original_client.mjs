// node original_client.mjs URL: a client as they were written for the original service, which knows nothing newer.
import assert from 'node:assert/strict';
import {base, call, Chat} from './common.mjs';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const SESSION_FIELDS = ['session_id', 'status', 'vnc_url', 'chat_url', 'created_at', 'expires_at', 'initial_prompt'];

function check_session(session, prompt) {
  for (const field of SESSION_FIELDS) assert.equal(typeof session[field], 'string', field);
  assert.match(session.session_id, /^[A-Za-z0-9_-]{21}$/);
  assert.match(session.created_at, ISO);
  assert.match(session.expires_at, ISO);
  assert.equal(session.initial_prompt, prompt);
  assert.match(session.vnc_url, /^http:\/\/[^/]+\/.*vnc\.html/);
  assert.match(session.chat_url, new RegExp(`^ws://[^/]+/session/${session.session_id}/chat$`));
}

async function health() {
  const {status, body} = await call('GET', '/health');
  assert.equal(status, 200);
  assert.equal(body.status, 'healthy');
  for (const part of ['redis', 'docker', 'workers']) assert.ok(body.services[part], part);
  assert.equal(typeof body.uptime, 'number');
  assert.match(body.timestamp, ISO);
  const metrics = (await call('GET', '/health/metrics')).body;
  for (const count of ['active_sessions', 'total_sessions', 'queue_length']) assert.ok(Number.isInteger(metrics[count]));
  for (const worker of metrics.worker_status) {
    assert.deepEqual([typeof worker.id, typeof worker.active, typeof worker.current_jobs], ['string', 'boolean', 'number']);
  }
}

async function refusals() {
  const missing = await call('GET', '/session/V1StGXR8_Z5jdHi6B-myT');
  assert.equal(missing.status, 404);
  assert.deepEqual([missing.body.error, missing.body.message], ['Not Found', 'Session not found']);
  for (const body of [{}, {initial_prompt: ''}, {initial_prompt: 'x'.repeat(5001)}, {initial_prompt: 'x', timeout: 10}]) {
    const refused = await call('POST', '/session', body);
    assert.equal(refused.status, 400);
    assert.equal(typeof refused.body.message, 'string');
  }
}

// A message as a client shows it: by `type`, with `content` or `error`.
function check_frame(frame) {
  assert.equal(typeof frame.type, 'string');
  assert.equal(typeof (frame.content ?? frame.error), 'string', JSON.stringify(frame));
  assert.ok(Math.abs(Date.now() - frame.timestamp) < 3_600_000, 'milliseconds: ' + frame.timestamp);
}

const is_ready = frame => frame.type === 'system_update' && frame.metadata?.session_status === 'ready' &&
    frame.seq !== undefined;

// A session is ready before its first turn, too.
const ends_turn = frame => is_ready(frame) && frame.metadata.outcome !== undefined;

async function first_turn(chat) {
  await chat.opened;
  const first = await chat.until(() => true);
  assert.deepEqual([first.type, first.content], ['system_update', 'Connected to session']);
  assert.equal(typeof first.metadata.session_status, 'string');
  const used = await chat.until(frame => frame.type === 'agent_action' && /^Using .+\.\.\.$/.test(frame.content));
  assert.equal(used.content, `Using ${used.metadata.tool_used}...`);
  const result = await chat.until(frame => frame.type === 'agent_action' && frame.content.startsWith('Tool result: '));
  assert.equal(typeof result.metadata.tool_used, 'string');
  await chat.until(frame => frame.type === 'agent_response' && frame.content !== '');
  await chat.until(ends_turn);
}

async function follow_up(chat) {
  const before = chat.frames.length;
  chat.send({type: 'user_prompt', content: 'Add dark mode support', timestamp: Date.now()});
  const echo = await chat.until(frame => frame.type === 'user_prompt', before);
  assert.equal(echo.content, 'Add dark mode support');
  await chat.until(ends_turn, before);
  chat.send({type: 'nonsense'});
  assert.equal(typeof (await chat.until(frame => frame.type === 'error', before)).error, 'string');
}

async function reconnect(url) {
  const again = new Chat(url);
  await again.until(is_ready);
  const replayed = again.frames.filter(frame => frame.seq !== undefined);
  assert.ok(replayed.length > 0 && replayed.length <= 50, `${replayed.length} replayed`);
  again.close();
}

async function files(id) {
  const zip = await fetch(`${base}/download/${id}`);
  assert.equal(zip.headers.get('content-type'), 'application/zip');
  assert.match(zip.headers.get('content-disposition'), new RegExp(`^attachment; filename="ottobot-session-${id}-.+\\.zip"$`));
  assert.equal(Buffer.from(await zip.arrayBuffer()).subarray(0, 2).toString(), 'PK');
}

async function logs(id) {
  const {session_id, logs: lines} = (await call('GET', `/session/${id}/logs?limit=5`)).body;
  assert.equal(session_id, id);
  assert.equal(lines.length, 5);
  for (const line of lines) {
    assert.match(line.timestamp, ISO);
    assert.deepEqual([typeof line.level, typeof line.message], ['string', 'string']);
  }
}

await health();
await refusals();
const prompt = 'Create a React todo app with TypeScript';
const created = await call('POST', '/session', {initial_prompt: prompt, timeout: 3600, environment: 'full-stack'});
assert.equal(created.status, 201, created.text);
check_session(created.body, prompt);
assert.equal(created.body.status, 'initializing');
const {session_id: id, chat_url, vnc_url} = created.body;
assert.equal((await fetch(vnc_url)).status, 200, 'the desktop\'s page works at once');

const chat = new Chat(chat_url);
await first_turn(chat);
await follow_up(chat);
chat.frames.forEach(check_frame);
chat.close();
await reconnect(chat_url);

check_session((await call('GET', `/session/${id}`)).body, prompt);
const list = (await call('GET', '/session?limit=10&offset=0')).body;
assert.deepEqual([list.limit, list.offset, list.total], [10, 0, 1]);
check_session(list.sessions[0], prompt);
await files(id);
await logs(id);
const page = await fetch(base + '/swagger');
assert.match(page.headers.get('content-type'), /^text\/html/);

const deleted = await call('DELETE', `/session/${id}`);
assert.equal(deleted.status, 202);
assert.deepEqual(deleted.body, {message: 'Session termination initiated', session_id: id});
console.log('the original client works unchanged at ' + base);
