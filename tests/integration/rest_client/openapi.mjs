// node openapi.mjs URL: /openapi.json is a valid OpenAPI document, and the server answers as it says.
import assert from 'node:assert/strict';
import {dereference, validate} from '@readme/openapi-parser';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import {base, call, Chat} from './common.mjs';

const document = (await call('GET', '/openapi.json')).body;
assert.match(document.openapi, /^3\.1\./);
const verdict = await validate(structuredClone(document));
assert.ok(verdict.valid, JSON.stringify(verdict.errors ?? verdict, null, 1));

const {components} = await dereference(structuredClone(document));
const ajv = new Ajv({strict: false, allErrors: true});
addFormats(ajv);
const checks = new Map();

function fits(name, value) {
  if (!checks.has(name)) checks.set(name, ajv.compile(components.schemas[name]));
  const check = checks.get(name);
  assert.ok(check(value), `${name}: ${ajv.errorsText(check.errors)}\n${JSON.stringify(value)}`);
  const named = components.schemas[name].properties;
  for (const key of Object.keys(named ? value : {})) assert.ok(key in named, `${name} says nothing of ${key}`);
}

const created = await call('POST', '/session', document.paths['/session'].post.requestBody.content['application/json'].example);
assert.equal(created.status, 201, created.text);
fits('Session', created.body);
const id = created.body.session_id;
const chat = new Chat(created.body.chat_url);
await chat.until(frame => frame.type === 'download_ready'); // at the end of the first turn
chat.close();
for (const frame of chat.frames) fits('ChatServerFrame', frame);

fits('SessionDetails', (await call('GET', `/session/${id}`)).body);
fits('SessionList', (await call('GET', '/session')).body);
const {events} = (await call('GET', `/session/${id}/events?limit=1000`)).body;
assert.ok(events.length > 10);
for (const event of events) fits('Event', event);
for (const line of (await call('GET', `/session/${id}/logs`)).body.logs) fits('LogLine', line);
fits('Listing', (await call('GET', `/session/${id}/files`)).body);
fits('Health', (await call('GET', '/health')).body);
fits('Metrics', (await call('GET', '/metrics')).body);
fits('Accepted', (await call('POST', `/session/${id}/stop`)).body);
const refusals = [['GET', '/session/nope', 404], ['PATCH', '/session', 405], ['GET', `/download/${id}/src`, 409],
  ['GET', '/session?limit=x', 400], ['GET', `/session/${id}/chat`, 426]];
for (const [method, path, status] of refusals) {
  const refused = await call(method, path);
  assert.equal(refused.status, status, method + ' ' + path);
  fits('Error', refused.body);
}
fits('Accepted', (await call('DELETE', `/session/${id}`)).body);
console.log(`${checks.size} shapes hold at ${base}`);
