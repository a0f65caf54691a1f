// Elysia with its schema checks and bun:sqlite, on Bun.
import { Database } from 'bun:sqlite';
import { Elysia, t } from 'elysia';
import { environments, openSessions } from './http_shared.mjs';

let origin = '';
const sessions = openSessions(new Database(process.argv[2]), () => origin);

const app = new Elysia()
  .get('/session/:id', ({ params, set }) => {
    const session = sessions.get(params.id);
    if (session) return session;
    set.status = 404;
    return { error: 'Session not found' };
  })
  .post(
    '/session',
    ({ body, set }) => {
      set.status = 201;
      return sessions.create(body);
    },
    {
      body: t.Object({
        initial_prompt: t.String({ minLength: 1, maxLength: 5000 }),
        timeout: t.Optional(t.Integer({ minimum: 300, maximum: 7200 })),
        environment: t.Optional(t.Union(environments.map((name) => t.Literal(name)))),
      }),
    },
  )
  .listen({ port: 0, hostname: '127.0.0.1' });
origin = `http://127.0.0.1:${app.server.port}`;
console.log(`listening on ${origin}`);
