// Elysia with its schema checks on Bun, and Redis by ioredis:   http_redis_elysia.mjs bullmq|pipelined PORT
// A session is stored by one MULTI. It is queued with BullMQ, or by an LPUSH in the same MULTI and nothing more.
import { Queue } from 'bullmq';
import { Elysia, t } from 'elysia';
import Redis from 'ioredis';
import { environments, newId } from './http_shared.mjs';

const [queued, redisPort] = process.argv.slice(2);
const connection = { host: '127.0.0.1', port: Number(redisPort), maxRetriesPerRequest: null };
const redis = new Redis(connection);
const queue = queued === 'bullmq' ? new Queue('sessions', { connection }) : null;
let origin = '';

const answer = (row) => ({
  session_id: row.id,
  status: row.status,
  phase: row.phase,
  created_at: new Date(Number(row.created_at)).toISOString(),
  expires_at: new Date(Number(row.expires_at)).toISOString(),
  initial_prompt: row.prompt,
  chat_url: `${origin.replace('http', 'ws')}/session/${row.id}/chat`,
  vnc_url: `${origin}/session/${row.id}/vnc/`,
});

async function create({ initial_prompt, timeout = 3600, environment = 'full-stack' }) {
  const now = Date.now();
  const row = { id: newId(), status: 'initializing', phase: 'queued', created_at: now, expires_at: now + timeout * 1000, prompt: initial_prompt, environment };
  const store = redis.multi().hset(`session:${row.id}`, row).zadd('sessions', now, row.id);
  for (const [type, data] of [['session_created', { initial_prompt, environment }], ['phase_changed', { phase: 'queued' }], ['user_prompt', { content: initial_prompt }]]) {
    store.xadd(`events:${row.id}`, '*', 'id', newId(), 'type', type, 'data', JSON.stringify(data));
  }
  if (!queue) store.lpush('queue', row.id);
  await store.exec();
  await queue?.add('session', { id: row.id }, { jobId: row.id, attempts: 3, removeOnComplete: true });
  return answer(row);
}

const app = new Elysia()
  .get('/session/:id', async ({ params, set }) => {
    const row = await redis.hgetall(`session:${params.id}`);
    if (row.id) return answer(row);
    set.status = 404;
    return { error: 'Session not found' };
  })
  .post('/session', ({ body, set }) => ((set.status = 201), create(body)), {
    body: t.Object({
      initial_prompt: t.String({ minLength: 1, maxLength: 5000 }),
      timeout: t.Optional(t.Integer({ minimum: 300, maximum: 7200 })),
      environment: t.Optional(t.Union(environments.map((name) => t.Literal(name)))),
    }),
  })
  .listen({ port: 0, hostname: '127.0.0.1' });
origin = `http://127.0.0.1:${app.server.port}`;
console.log(`listening on ${origin}`);
