// No framework: node:http and the SQLite of the runtime. Bun has one, Node.js from 22.5 on.
import { createServer } from 'node:http';
import { openSessions, problemOf } from './http_shared.mjs';

async function openDatabase(file) {
  if (process.versions.bun) return new (await import('bun:sqlite')).Database(file);
  const database = new (await import('node:sqlite')).DatabaseSync(file);
  database.run = (sql) => database.exec(sql);
  return database;
}

let port = 0;
const sessions = openSessions(await openDatabase(process.argv[2]), () => `http://127.0.0.1:${port}`);

const send = (response, status, value) => {
  const body = JSON.stringify(value);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
};

const server = createServer((request, response) => {
  if (request.method === 'GET') {
    const session = sessions.get(request.url.slice('/session/'.length));
    return send(response, session ? 200 : 404, session ?? { error: 'Session not found' });
  }
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    const body = JSON.parse(Buffer.concat(pieces).toString());
    const problem = problemOf(body);
    if (problem) return send(response, 400, { error: problem });
    return send(response, 201, sessions.create(body));
  });
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => {
  port = server.address().port;
  console.log(`listening on http://127.0.0.1:${port}`);
});
