// A chat server of npm ws: greets, knows who listens to which session, pings. On Node.js, and on Bun unchanged.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer((_, response) => response.writeHead(404).end());
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
const listeners = new Map();

sockets.on('connection', (socket, request) => {
  const session = request.url.split('/')[2];
  if (!listeners.has(session)) listeners.set(session, new Set());
  const listening = listeners.get(session);
  listening.add(socket);
  socket.alive = true;
  socket.on('pong', () => (socket.alive = true));
  socket.on('message', () => {});
  socket.on('close', () => listening.delete(socket));
  socket.send(JSON.stringify({ type: 'system', content: 'Connected to session', session_status: 'ready' }));
});
setInterval(() => {
  for (const socket of sockets.clients) {
    if (!socket.alive) socket.terminate();
    socket.alive = false;
    socket.ping();
  }
}, 30000);
server.listen(0, '127.0.0.1', () => console.log(`listening on http://127.0.0.1:${server.address().port}`));
